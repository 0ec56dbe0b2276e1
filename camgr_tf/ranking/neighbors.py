import numpy as np

from camgr_tf.ranking.top_k import top_k

# Entries of the similarity matrix that exist at one time. Each takes 12 bytes
# (its float64 and its float32 value), so that 16 million are 192 MB.
BLOCK_ENTRIES = 16_000_000

# Numbers of the float64 rows that are multiplied at one time, on each side:
# 8 million are 64 MB.
TILE_NUMBERS = 8_000_000


def nearest_neighbors(
    features, num_neighbors=10, include_self=True, block_size=None, rows=None
):
    """Exact cosine top-k of every row among all rows.

    ```
    s_fg = h_f . h_g / (||h_f|| ||h_g||)
    ```

    Computed in tiles of rows by columns, so that memory beside the features
    and the result does not grow with the number of items. Products are taken
    in float64 and compared in float32: items with equal features then tie
    whatever the order in which a machine sums, and ties are broken by the
    smaller item id, so that two machines, and two block sizes, agree.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer. Neighbors kept for each item. Defaults to
            `10`.
        include_self: Boolean. Whether the item itself is a candidate and
            counts as one of the `num_neighbors`. Defaults to `True`.
        block_size: Integer. Rows computed at one time. Defaults to `None`:
            what fits in 192 MB.
        rows: Integer array of the items whose neighbors are wanted. Defaults
            to `None`: all.

    Returns:
        Tuple `(indices, similarities)` of shape `(num_items,
        num_neighbors)`, or `(len(rows), num_neighbors)`, int32 and float32,
        best first. A row of zeros has similarity 0 to everything, itself
        included.

    Raises:
        ValueError: If `num_neighbors` is below 1 or above the number of
            candidates, or `block_size` below 1.

    Reference:
        Eq. 10 and 11.
    """
    features = np.asarray(features)
    check_num_neighbors(num_neighbors, len(features), include_self)
    own = np.arange(len(features)) if rows is None else np.asarray(rows)
    return nearest_among(
        features if rows is None else features[own],
        features,
        num_neighbors,
        left_out=None if include_self else own,
        block_size=block_size,
    )


def nearest_among(queries, keys, num_neighbors, left_out=None, block_size=None):
    """Exact cosine top-k of some rows among others, as `nearest_neighbors`.

    Args:
        queries: Float array of shape `(num_queries, width)`.
        keys: Float array of shape `(num_keys, width)`.
        num_neighbors: Integer, at most `num_keys`.
        left_out: Integer array of shape `(num_queries,)`, for each query the
            key that is no candidate. Defaults to `None`: all are.
        block_size: Integer. Queries computed at one time. Defaults to
            `None`: what fits in 192 MB.

    Returns:
        Tuple `(indices, similarities)` of shape `(num_queries,
        num_neighbors)`, int32 and float32, best first, equal similarities by
        the smaller index.

    Raises:
        ValueError: If `block_size` is below 1.
    """
    num_keys, width = keys.shape
    num_columns = max(num_neighbors, TILE_NUMBERS // width)
    num_columns = min(num_columns, num_keys)
    if block_size is None:
        block_size = BLOCK_ENTRIES // num_columns
        block_size = max(1, min(block_size, TILE_NUMBERS // width))
    if block_size < 1:
        raise ValueError(
            f"`block_size` must be positive. Received: block_size={block_size}"
        )
    key_norms = row_norms(keys)
    query_norms = key_norms if queries is keys else row_norms(queries)
    indices = np.empty((len(queries), num_neighbors), "int32")
    similarities = np.empty((len(queries), num_neighbors), "float32")
    for start in range(0, len(queries), block_size):
        places = slice(start, start + block_size)
        units = queries[places] / query_norms[places, None]
        best = None
        for first in range(0, num_keys, num_columns):
            tile = slice(first, first + num_columns)
            columns = keys[tile] / key_norms[tile, None]
            block = (units @ columns.T).astype("float32")
            if left_out is not None:
                out = left_out[places]
                inside = np.flatnonzero(
                    (out >= first) & (out < first + num_columns)
                )
                block[inside, out[inside] - first] = -np.inf
            if best is None:
                columns = top_k(block, min(num_neighbors, block.shape[1]))
                best = columns, np.take_along_axis(block, columns, axis=1)
            else:
                best = _improve(*best, block, first)
        indices[places], similarities[places] = best
    return indices, similarities


def check_num_neighbors(num_neighbors, num_items, include_self):
    """Raises a `ValueError` where there are not that many candidates."""
    num_candidates = num_items if include_self else num_items - 1
    if not 1 <= num_neighbors <= num_candidates:
        raise ValueError(
            f"`num_neighbors` must be in 1..{num_candidates}, the number of "
            f"candidate items. Received: num_neighbors={num_neighbors}"
        )


def row_norms(features):
    """Length of each row in float64; 1 for a row of zeros.

    Args:
        features: Float array of shape `(num_items, width)`.

    Returns:
        float64 array of shape `(num_items,)`.
    """
    norms = np.empty(len(features))
    block_size = max(1, TILE_NUMBERS // features.shape[1])
    for start in range(0, len(features), block_size):
        block = features[start : start + block_size].astype("float64")
        norms[start : start + block_size] = np.linalg.norm(block, axis=1)
    return np.where(norms > 0, norms, 1.0)


def _improve(indices, values, block, first):
    """The best of what is kept, best first, and of further columns.

    The columns stand behind all that came before: of equals, the kept stay.
    """
    num_rows, k = indices.shape
    rows, columns = np.nonzero(block > values[:, -1:])
    touched, rows = np.unique(rows, return_inverse=True)
    flat_rows = np.concatenate([np.repeat(np.arange(len(touched)), k), rows])
    flat_indices = np.concatenate([indices[touched].ravel(), columns + first])
    flat_values = np.concatenate(
        [values[touched].ravel(), block[touched[rows], columns]]
    )
    order = np.lexsort((flat_indices, -flat_values, flat_rows))
    counts = np.bincount(flat_rows, minlength=len(touched))
    starts = np.cumsum(counts) - counts
    chosen = order[(starts[:, None] + np.arange(k)).ravel()]
    indices[touched] = flat_indices[chosen].reshape(-1, k)
    values[touched] = flat_values[chosen].reshape(-1, k)
    return indices, values

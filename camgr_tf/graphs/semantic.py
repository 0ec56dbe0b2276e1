import hashlib
from pathlib import Path

import numpy as np
import scipy.sparse

from camgr_tf.graphs.bipartite import NORMALIZATIONS
from camgr_tf.staged_file import staged_file

# Entries of the similarity matrix that exist at one time. Each takes 12 bytes
# (its float64 and float32 value, then its float32 value and its place), so
# that 16 million are 192 MB.
BLOCK_ENTRIES = 16_000_000

# Part of a cached file's name: to be raised when the choice of neighbors
# changes, so that no file of an older rule is read.
CACHE_VERSION = 2


def nearest_neighbors(
    features, num_neighbors=10, include_self=True, block_size=None
):
    """Exact cosine top-k of every row among all rows.

    ```
    s_fg = h_f . h_g / (||h_f|| ||h_g||)
    ```

    Computed in blocks of rows, so that memory is `O(block_size * num_items)`
    beside the features. Products are taken in float64 and compared in
    float32: items with equal features then tie whatever the order in which a
    machine sums, and ties are broken by the smaller item id, so that two
    machines, and two block sizes, agree.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer. Neighbors kept for each item. Defaults to
            `10`.
        include_self: Boolean. Whether the item itself is a candidate and
            counts as one of the `num_neighbors`. Defaults to `True`.
        block_size: Integer. Rows computed at one time. Defaults to `None`:
            what fits in 192 MB.

    Returns:
        Tuple `(indices, similarities)` of shape `(num_items,
        num_neighbors)`, int32 and float32, best first. A row of zeros has
        similarity 0 to everything, itself included.

    Raises:
        ValueError: If `num_neighbors` is below 1 or above the number of
            candidates, or `block_size` below 1.

    Reference:
        Eq. 10 and 11.
    """
    num_items = len(features)
    num_candidates = num_items if include_self else num_items - 1
    if not 1 <= num_neighbors <= num_candidates:
        raise ValueError(
            f"`num_neighbors` must be in 1..{num_candidates}, the number of "
            f"candidate items. Received: num_neighbors={num_neighbors}"
        )
    if block_size is None:
        block_size = max(1, BLOCK_ENTRIES // num_items)
    if block_size < 1:
        raise ValueError(
            f"`block_size` must be positive. Received: block_size={block_size}"
        )
    unit_rows = _unit_rows(features)
    indices = np.empty((num_items, num_neighbors), "int32")
    similarities = np.empty((num_items, num_neighbors), "float32")
    for start in range(0, num_items, block_size):
        rows = slice(start, min(start + block_size, num_items))
        block = unit_rows[rows] @ unit_rows.T  # (block_size, num_items)
        block = block.astype("float32")
        if not include_self:
            own = np.arange(rows.start, rows.stop)
            block[own - rows.start, own] = -np.inf
        indices[rows], similarities[rows] = _top_k(block, num_neighbors)
    return indices, similarities


def semantic_matrix(
    features,
    num_neighbors=10,
    include_self=True,
    normalization="row",
    cache_dir=None,
):
    """The normalized top-k similarity graph of the items of one modality.

    Similarities below zero are set to zero. `"row"` is eq. 12 with the
    diagonal matrix read as the row sums of the kept similarities (read
    literally, the diagonal of `S` is one and nothing is normalized).
    `"symmetric"` is the released code of MGCN and MICRO: `s_fg / sqrt(w_f
    w_g)` where both `w` are row sums, also of the directed graph.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer. Neighbors kept for each item. Defaults to
            `10`.
        include_self: Boolean. Whether the item itself counts as one of them.
            Defaults to `True`.
        normalization: String. `"row"` or `"symmetric"`. Defaults to `"row"`.
        cache_dir: Path of a folder for computed neighbors, under a hash of
            the features and of every parameter. Defaults to `None`: nothing
            is cached.

    Returns:
        SciPy CSR matrix of shape `(num_items, num_items)`; row = target.

    Reference:
        Eq. 10-12.
    """
    if normalization not in NORMALIZATIONS:
        raise ValueError(
            f"`normalization` must be one of {sorted(NORMALIZATIONS)}. "
            f"Received: normalization={normalization!r}"
        )
    indices, similarities = _cached_neighbors(
        features, num_neighbors, include_self, cache_dir
    )
    num_items = len(features)
    weights = np.maximum(similarities, 0.0).astype("float64")
    totals = weights.sum(axis=1)
    if normalization == "row":
        scales = np.where(totals > 0, totals, 1.0)[:, None]
    else:
        roots = np.sqrt(np.where(totals > 0, totals, 1.0))
        scales = roots[:, None] * roots[indices]
    rows = np.repeat(np.arange(num_items), num_neighbors)
    matrix = scipy.sparse.csr_matrix(
        ((weights / scales).ravel(), (rows, indices.ravel())),
        shape=(num_items, num_items),
    )
    matrix.eliminate_zeros()
    return matrix


def _cached_neighbors(features, num_neighbors, include_self, cache_dir):
    if cache_dir is None:
        return nearest_neighbors(features, num_neighbors, include_self)
    features = np.ascontiguousarray(features)
    digest = hashlib.sha256()
    description = (
        CACHE_VERSION,
        features.shape,
        str(features.dtype),
        num_neighbors,
    )
    digest.update(repr((description, bool(include_self))).encode())
    digest.update(features.tobytes())
    path = Path(cache_dir) / f"neighbors-{digest.hexdigest()[:24]}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            return stored["indices"], stored["similarities"]
    indices, similarities = nearest_neighbors(
        features, num_neighbors, include_self
    )
    with staged_file(path) as temporary:
        np.savez(temporary, indices=indices, similarities=similarities)
    return indices, similarities


def _unit_rows(features):
    features = np.asarray(features, "float64")
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(norms > 0, norms, 1.0)


def _top_k(block, k):
    """Largest `k` of each row, equal values by the smaller column."""
    num_columns = block.shape[1]
    if k < num_columns:
        candidates = np.argpartition(block, num_columns - k, axis=1)
        candidates = candidates[:, num_columns - k :].copy()
    else:
        candidates = np.tile(np.arange(num_columns), (len(block), 1))
    values = np.take_along_axis(block, candidates, axis=1)
    # A partition chooses among equals at the boundary as it likes: rows in
    # which the smallest kept value occurs outside too are sorted in full.
    smallest = values.min(axis=1, keepdims=True)
    tied = (block >= smallest).sum(axis=1) > k
    for row in np.flatnonzero(tied):
        candidates[row] = np.lexsort((np.arange(num_columns), -block[row]))[:k]
    values = np.take_along_axis(block, candidates, axis=1)
    order = np.lexsort((candidates, -values), axis=1)
    return (
        np.take_along_axis(candidates, order, axis=1),
        np.take_along_axis(values, order, axis=1),
    )

import logging

import numpy as np

from camgr_tf.ranking.neighbors import TILE_NUMBERS
from camgr_tf.ranking.neighbors import check_num_neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors
from camgr_tf.ranking.neighbors import row_norms

_logger = logging.getLogger("camgr_tf.ranking.approximate_neighbors")

# Items that a cell's center is averaged from, at least and at most.
ITEMS_PER_CELL = 40
TRAINING_ITEMS_PER_CELL = 64


def approximate_neighbors(
    features,
    num_neighbors=10,
    include_self=True,
    min_recall=0.97,
    num_sampled=1000,
    seed=0,
):
    """Cosine top-k of every row, looked for in the cells nearest to it.

    faiss divides the unit rows into about `2 sqrt(num_items)` cells (an
    inverted file). A row is compared with the items of the cells whose
    centers are nearest to it, of as many cells as a sample needs: 1, 2, 4, ...
    until the sample's recall against `nearest_neighbors` is `min_recall`. In
    the worst case these are all cells, and nothing is saved.

    Beside the features there are a float32 copy of them and the result.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer. Neighbors kept for each item. Defaults to
            `10`.
        include_self: Boolean. Whether the item itself is a candidate and
            counts as one of the `num_neighbors`. Defaults to `True`.
        min_recall: Float in `(0, 1]`. The recall that the sample must have.
            Defaults to `0.97`.
        num_sampled: Integer. Items that recall is measured on. Defaults to
            `1000`.
        seed: Integer. Of the sample and of the cells. Defaults to `0`.

    Returns:
        Tuple `(indices, similarities, recall)`: as of `nearest_neighbors`,
        similarities again computed in float64, and the sample's recall. It
        counts the neighbors at least as similar as the last exact one, so
        that among equals it does not matter which were found.

    Raises:
        ImportError: If faiss is not installed.
        ValueError: If `num_neighbors` or `min_recall` is out of range.

    Reference:
        Johnson et al., "Billion-scale similarity search with GPUs", 2019.
    """
    features = np.asarray(features)
    shape = len(features), num_neighbors
    index, recall = neighbor_index(
        features, num_neighbors, include_self, min_recall, num_sampled, seed
    )
    indices = np.empty(shape, "int32")
    similarities = np.empty(shape, "float32")
    for rows, *found in indexed_neighbors(
        index, features, num_neighbors, include_self
    ):
        indices[rows], similarities[rows] = found
    return indices, similarities, recall


def neighbor_index(
    features,
    num_neighbors,
    include_self=True,
    min_recall=0.97,
    num_sampled=1000,
    seed=0,
):
    """The cells of `approximate_neighbors`, and how many are looked into.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer.
        include_self: Boolean. Defaults to `True`.
        min_recall: Float in `(0, 1]`. Defaults to `0.97`.
        num_sampled: Integer. Defaults to `1000`.
        seed: Integer. Defaults to `0`.

    Returns:
        Tuple of `faiss.IndexIVFFlat`, whose `nprobe` is that of the recall,
        and the recall.

    Raises:
        ImportError: If faiss is not installed.
        ValueError: If `num_neighbors` or `min_recall` is out of range.
    """
    faiss = import_faiss()
    num_items = len(features)
    check_num_neighbors(num_neighbors, num_items, include_self)
    if not 0 < min_recall <= 1:
        raise ValueError(
            f"`min_recall` must be in (0, 1]. Received: min_recall={min_recall}"
        )
    rng = np.random.default_rng(seed)
    norms = row_norms(features)
    index = _build_index(faiss, features, norms, rng, seed)
    sample = np.sort(
        rng.choice(num_items, min(num_sampled, num_items), replace=False)
    )
    _, exact = nearest_neighbors(
        features, num_neighbors, include_self, rows=sample
    )
    index.nprobe = 1
    while True:
        found = _search(
            index, features, norms, sample, num_neighbors, include_self
        )
        recall = float(np.mean(found[1] >= exact[:, -1:]))
        if recall >= min_recall or index.nprobe >= index.nlist:
            break
        index.nprobe = min(2 * index.nprobe, index.nlist)
    _logger.info(
        "recall %.4f of %d sampled items, in %d of %d cells",
        recall,
        len(sample),
        index.nprobe,
        index.nlist,
    )
    return index, recall


def indexed_neighbors(
    index, features, num_neighbors, include_self=True, start=0, stop=None
):
    """Looks up items in the order in which the index holds them.

    Items of one cell come one after the other: their candidates stay in
    cache.

    Args:
        index: `faiss.IndexIVFFlat` as of `neighbor_index`.
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer.
        include_self: Boolean. Defaults to `True`.
        start: Integer, the place of the first item. Defaults to `0`.
        stop: Integer, the place after the last. Defaults to `None`: all.

    Yields:
        Tuple `(rows, indices, similarities)` of some items, of shape
        `(num_rows,)` and twice `(num_rows, num_neighbors)`.
    """
    order = _ids_by_cell(index)[:stop]
    norms = row_norms(features)
    block_size = rows_at_a_time(features.shape[1], num_neighbors)
    for first in range(start, len(order), block_size):
        rows = order[first : first + block_size]
        yield (
            rows,
            *_search(index, features, norms, rows, num_neighbors, include_self),
        )


def rows_at_a_time(width, num_neighbors):
    """Items that are looked up at one time.

    Args:
        width: Integer. Numbers of an item.
        num_neighbors: Integer.

    Returns:
        Integer.
    """
    return max(1, TILE_NUMBERS // width // num_neighbors)


def import_faiss():
    """The library, or an error that says how to install it.

    Returns:
        Module.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "Approximate neighbors need faiss: pip install 'camgr_tf[index]'. "
            "`method='exact'` does not."
        ) from error
    return faiss


def _build_index(faiss, features, norms, rng, seed):
    num_items, width = features.shape
    num_cells = int(2 * np.sqrt(num_items))
    num_cells = max(1, min(num_cells, num_items // ITEMS_PER_CELL))
    quantizer = faiss.IndexFlatIP(width)
    index = faiss.IndexIVFFlat(
        quantizer, width, num_cells, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.seed = seed
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = TRAINING_ITEMS_PER_CELL
    size = min(num_items, num_cells * TRAINING_ITEMS_PER_CELL)
    training = np.sort(rng.choice(num_items, size, replace=False))
    index.train(_units(features, norms, training))
    block_size = max(1, TILE_NUMBERS // width)
    for start in range(0, num_items, block_size):
        rows = np.arange(start, min(start + block_size, num_items))
        index.add(_units(features, norms, rows))
    return index


def _ids_by_cell(index):
    faiss = import_faiss()
    cells = index.invlists
    return np.concatenate(
        [
            faiss.rev_swig_ptr(cells.get_ids(cell), cells.list_size(cell))
            for cell in range(index.nlist)
        ]
    )


def _search(index, features, norms, rows, num_neighbors, include_self):
    """Neighbors of some rows in the index, in the order of the exact ones."""
    units = _units(features, norms, rows)
    wanted = num_neighbors if include_self else num_neighbors + 1
    _, found = index.search(units, wanted)
    if not include_self:
        # The row itself, or else the last one, is one too many.
        surplus = found == rows[:, None]
        surplus[~surplus.any(axis=1), -1] = True
        found = found[~surplus].reshape(len(rows), num_neighbors)
    # A row of zeros has no direction: all items are equal to it.
    is_zero = ~units.any(axis=1)
    found[is_zero] = _smallest_ids(rows[is_zero], num_neighbors, include_self)
    missing = (found < 0).any(axis=1)
    found[missing] = 0
    queries = features[rows] / norms[rows, None]
    candidates = features[found] / norms[found, None]
    values = np.einsum("nw,nkw->nk", queries, candidates).astype("float32")
    order = np.lexsort((found, -values), axis=1)
    found = np.take_along_axis(found, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    if missing.any():  # the cells looked into hold too few items
        found[missing], values[missing] = nearest_neighbors(
            features, num_neighbors, include_self, rows=rows[missing]
        )
    return found, values


def _smallest_ids(rows, k, include_self):
    if include_self:
        return np.tile(np.arange(k), (len(rows), 1))
    ids = np.arange(k) + np.zeros((len(rows), 1), "int64")
    return ids + (ids >= rows[:, None])


def _units(features, norms, rows):
    return np.ascontiguousarray(
        features[rows] / norms[rows, None], dtype="float32"
    )

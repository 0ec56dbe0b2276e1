import hashlib
from pathlib import Path

import numpy as np
import scipy.sparse

from camgr_tf.graphs.bipartite import NORMALIZATIONS
from camgr_tf.graphs.cache import keep_neighbors
from camgr_tf.graphs.cache import read_neighbors
from camgr_tf.ranking.approximate_neighbors import approximate_neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors

METHODS = ("exact", "approximate")

# Part of a cached file's name: to be raised when the choice of neighbors
# changes, so that no file of an older rule is read.
CACHE_VERSION = 2


def semantic_matrix(
    features,
    num_neighbors=10,
    include_self=True,
    normalization="row",
    cache_dir=None,
    method="exact",
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
        method: String. `"exact"` compares all pairs of items;
            `"approximate"`, for a million items, needs faiss (extra `index`)
            and logs the recall that a sample has. Defaults to `"exact"`.

    Returns:
        SciPy CSR matrix of shape `(num_items, num_items)`; row = target.

    Raises:
        ValueError: For an unknown `normalization` or `method`.
        ImportError: If `method="approximate"` and faiss is not installed.

    Reference:
        Eq. 10-12.
    """
    if normalization not in NORMALIZATIONS:
        raise ValueError(
            f"`normalization` must be one of {sorted(NORMALIZATIONS)}. "
            f"Received: normalization={normalization!r}"
        )
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {METHODS}. Received: method={method!r}"
        )
    indices, similarities = cached_neighbors(
        features, num_neighbors, include_self, cache_dir, method
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


def _neighbors(features, num_neighbors, include_self, method):
    if method == "approximate":
        return approximate_neighbors(features, num_neighbors, include_self)[:2]
    return nearest_neighbors(features, num_neighbors, include_self)


def cached_neighbors(
    features, num_neighbors, include_self=True, cache_dir=None, method="exact"
):
    """`nearest_neighbors`, read from a file where they were found before.

    Args:
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer.
        include_self: Boolean. Defaults to `True`.
        cache_dir: Path of the files' folder. Defaults to `None`: none.
        method: String, as of `semantic_matrix`. Defaults to `"exact"`.

    Returns:
        Tuple `(indices, similarities)` of shape `(num_items,
        num_neighbors)`, int32 and float32, best first.
    """
    if cache_dir is None:
        return _neighbors(features, num_neighbors, include_self, method)
    path = neighbors_path(
        cache_dir, features, num_neighbors, include_self, method
    )
    shape = len(features), num_neighbors
    found = read_neighbors(path, shape)
    if found is None:
        found = _neighbors(features, num_neighbors, include_self, method)
        keep_neighbors(path, *found)
    return found


def neighbors_path(
    cache_dir, features, num_neighbors, include_self=True, method="exact"
):
    """The file that `cached_neighbors` reads and writes.

    Args:
        cache_dir: Path of the files' folder.
        features: Float array of shape `(num_items, width)`.
        num_neighbors: Integer.
        include_self: Boolean. Defaults to `True`.
        method: String, as of `semantic_matrix`. Defaults to `"exact"`.

    Returns:
        Path, named by a hash of all this.
    """
    features = np.ascontiguousarray(features)
    digest = hashlib.sha256()
    description = (
        CACHE_VERSION,
        features.shape,
        str(features.dtype),
        num_neighbors,
    )
    digest.update(repr((description, bool(include_self))).encode())
    if method != "exact":
        digest.update(method.encode())
    digest.update(features)
    return Path(cache_dir) / f"neighbors-{digest.hexdigest()[:24]}.npz"

"""Rows of the item graphs for items that are not in them."""

import numpy as np
import scipy.sparse

from camgr_tf.ranking.neighbors import nearest_among
from camgr_tf.ranking.neighbors import row_norms

# Edges whose features are multiplied at one time.
BLOCK_EDGES = 65_536


def semantic_rows(features, new_features, warm, num_neighbors, degrees=None):
    """Each new item's most similar items with users, as normalized weights.

    ```
    s_fg = max(0, cosine(f, g)),   w_f = sum of the kept s_fg
    weight = s_fg / w_f             or   s_fg / sqrt(w_f w_g)
    ```

    Args:
        features: Float array `(num_items, width)` of the items in the graph.
        new_features: Float array `(num_new, width)`.
        warm: bool array `(num_items,)`: the items that may be neighbors.
        num_neighbors: Integer. All, where there are fewer.
        degrees: Float array `(num_items,)`, the `w_g` of the symmetric form.
            Defaults to `None`: rows sum to one.

    Returns:
        SciPy CSR matrix of shape `(num_new, num_items)`, float32. A row whose
        similarities are all zero is empty.

    Reference:
        Eq. 10-12.
    """
    warm_ids = np.flatnonzero(warm)
    k = min(num_neighbors, len(warm_ids))
    nearest, similarities = nearest_among(new_features, features[warm_ids], k)
    columns = warm_ids[nearest]
    weights = np.maximum(similarities, 0.0).astype("float64")
    own = weights.sum(axis=1, keepdims=True)
    own = np.where(own > 0, own, 1.0)
    if degrees is None:
        weights = weights / own
    else:
        weights = weights / np.sqrt(own * degrees[columns])
    rows = np.repeat(np.arange(len(new_features)), k)
    matrix = scipy.sparse.csr_matrix(
        (weights.ravel().astype("float32"), (rows, columns.ravel())),
        shape=(len(new_features), len(features)),
    )
    matrix.eliminate_zeros()
    return matrix


def kept_similarities(item_graph, features):
    """The `w_g` of the items in a symmetric item graph.

    Summed over the edges that the graph has. An item need not be its own
    neighbor, also where it counts: as many equal items of smaller id are
    before it.

    Args:
        item_graph: `Adjacency` of shape `(num_items, num_items)`.
        features: Float array `(num_items, width)` that it was made from.

    Returns:
        float64 array of shape `(num_items,)`; one where an item has no
        similarity to any.
    """
    features = np.asarray(features)
    targets = item_graph.targets.numpy()
    sources = item_graph.sources.numpy()
    norms = row_norms(features)
    sums = np.zeros(len(features))
    for start in range(0, len(targets), BLOCK_EDGES):
        f = targets[start : start + BLOCK_EDGES]
        g = sources[start : start + BLOCK_EDGES]
        cosines = np.einsum(
            "ij,ij->i",
            features[f] / norms[f, None],
            features[g] / norms[g, None],
        )
        # Rounded as the graph rounds what it sums.
        np.add.at(sums, f, np.maximum(cosines.astype("float32"), 0.0))
    return np.where(sums > 0, sums, 1.0)

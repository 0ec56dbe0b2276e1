"""Rows of the item graphs for items that are not in them."""

import numpy as np
import scipy.sparse

from camgr_tf.graphs import nearest_neighbors

# Entries of the similarity matrix that exist at one time (float32): 64 MB.
BLOCK_ENTRIES = 16_000_000


def semantic_rows(features, new_features, warm, num_neighbors, totals=None):
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
        totals: Float array `(num_items,)`, the `w_g` of the symmetric form.
            Defaults to `None`: rows sum to one.

    Returns:
        SciPy CSR matrix of shape `(num_new, num_items)`, float32. A row whose
        similarities are all zero is empty.

    Reference:
        Eq. 10-12.
    """
    warm_ids = np.flatnonzero(warm)
    keys = _unit_rows(features[warm_ids])
    k = min(num_neighbors, len(warm_ids))
    block_size = max(1, BLOCK_ENTRIES // len(warm_ids))
    columns, values = [], []
    for start in range(0, len(new_features), block_size):
        block = _unit_rows(new_features[start : start + block_size]) @ keys.T
        # Stable: equal similarities go to the smaller id, as in the graph.
        nearest = np.argsort(-block, axis=1, kind="stable")[:, :k]
        columns.append(warm_ids[nearest])
        values.append(np.take_along_axis(block, nearest, axis=1))
    columns, values = np.concatenate(columns), np.concatenate(values)
    weights = np.maximum(values, 0.0)
    own_totals = weights.sum(axis=1, keepdims=True)
    own_totals = np.where(own_totals > 0, own_totals, 1.0)
    if totals is None:
        weights = weights / own_totals
    else:
        weights = weights / np.sqrt(own_totals * totals[columns])
    rows = np.repeat(np.arange(len(new_features)), k)
    return scipy.sparse.csr_matrix(
        (weights.ravel().astype("float32"), (rows, columns.ravel())),
        shape=(len(new_features), len(features)),
    )


def graph_totals(
    item_graph, features=None, num_neighbors=10, include_self=True
):
    """The `w_g` of the items in a symmetric item graph.

    With the item itself among its neighbors the diagonal is `1 / w_g`;
    without, the similarities are computed again.

    Args:
        item_graph: `Adjacency` of shape `(num_items, num_items)`.
        features: Float array `(num_items, width)`; read without self alone.
            Defaults to `None`.
        num_neighbors: Integer, of the graph; read without self alone.
            Defaults to `10`.
        include_self: Boolean, of the graph. Defaults to `True`.

    Returns:
        Float array of shape `(num_items,)`; one where an item has no
        similarity to any.
    """
    totals = np.ones(item_graph.shape[0])
    if include_self:
        targets = item_graph.targets.numpy()
        own = targets == item_graph.sources.numpy()
        totals[targets[own]] = 1.0 / item_graph.tensor.values.numpy()[own]
        return totals
    _, similarities = nearest_neighbors(features, num_neighbors, False)
    sums = np.maximum(similarities, 0.0).sum(axis=1)
    return np.where(sums > 0, sums, totals)


def _unit_rows(features):
    features = np.asarray(features, "float32")
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(norms > 0, norms, 1.0)

"""What models share that place users and items which training did not see.

A new user is a basket of items, a new item its features. Both get the vector
that the model itself computes for a node with these neighbors whose own ID
embedding is zero; nobody else's vector changes, and two new ones do not see
each other.
"""

import numpy as np
import scipy.sparse
import tensorflow as tf
from keras import ops

from camgr_tf.data.user_items import UserItems
from camgr_tf.graphs.semantic_rows import kept_similarities
from camgr_tf.graphs.semantic_rows import semantic_rows
from camgr_tf.ops import Adjacency
from camgr_tf.ops import sparse_matmul
from camgr_tf.ranking.neighbors import nearest_among


class Baskets:
    """Lists of items, one a new user, as edges from items to new users.

    Args:
        item_lists: List of arrays of item ids, none empty. An id that is
            repeated in a list counts once.
        item_degrees: Array of shape `(num_items,)`, the users of each item in
            training. An item without users counts as having one.
        memory: Dictionary that the baskets of one unchanging model share, see
            `once`. Defaults to `None`: one of their own.

    Attributes:
        rows: Array of shape `(num_edges,)`, the basket of each edge.
        items: Array of shape `(num_edges,)`, its item.
        counts: float32 array of shape `(num_baskets,)`, the sizes `d_u`.
        mean: SciPy CSR matrix `(num_baskets, num_items)` of `1 / d_u`.
        symmetric: The same places, `1 / sqrt(d_u d_i)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.models.fold_in import Baskets

    baskets = Baskets([[0, 2], [1]], item_degrees=np.array([4, 1, 1]))
    assert baskets.mean.toarray().tolist() == [[0.5, 0, 0.5], [0, 1, 0]]
    ```
    """

    def __init__(self, item_lists, item_degrees, memory=None):
        sizes = [len(items) for items in item_lists]
        pairs = np.stack(
            [
                np.repeat(np.arange(len(sizes)), sizes),
                np.concatenate([np.asarray(items) for items in item_lists]),
            ],
            axis=1,
        )
        rows = UserItems(pairs, len(sizes), len(item_degrees))
        self.rows, self.items = rows.pairs(np.arange(len(sizes)))
        self.counts = rows.counts.astype("float32")
        self.item_degrees = np.maximum(item_degrees, 1).astype("float32")
        own_counts = self.counts[self.rows]
        self.mean = self.matrix(1.0 / own_counts)
        self.symmetric = self.matrix(
            1.0 / np.sqrt(own_counts * self.item_degrees[self.items])
        )
        self._memory = {} if memory is None else memory

    def once(self, function):
        """What does not depend on the baskets, computed once for all of them.

        Args:
            function: Function without arguments. Who shares a memory asks
                with one function only.

        Returns:
            Its result, or that of the first call with the same memory.
        """
        if "result" not in self._memory:
            self._memory["result"] = function()
        return self._memory["result"]

    def matrix(self, values):
        """A value for each edge, as a matrix.

        Args:
            values: Float array of shape `(num_edges,)`.

        Returns:
            SciPy CSR matrix of shape `(num_baskets, num_items)`.
        """
        shape = (len(self.counts), len(self.item_degrees))
        places = (self.rows, self.items)
        return scipy.sparse.csr_matrix(
            (np.asarray(values, "float32"), places), shape=shape
        )

    def adjacency(self):
        """All items and behind them the baskets, as one graph.

        Returns:
            `Adjacency` of shape `(num_nodes, num_nodes)` whose edges run from
            items to baskets only; items have the degrees of training.
        """
        num_items, num_baskets = len(self.item_degrees), len(self.counts)
        num_nodes = num_items + num_baskets
        edges = scipy.sparse.csr_matrix(
            (np.ones(len(self.rows)), (self.rows + num_items, self.items)),
            shape=(num_nodes, num_nodes),
        )
        adjacency = Adjacency(edges)
        adjacency.source_degrees = tf.constant(
            np.concatenate([self.item_degrees, np.ones(num_baskets)]), "float32"
        )
        return adjacency


class ItemNeighbors:
    """The items that new items may be neighbors of: those with users.

    Args:
        features: Dictionary from a modality to a float array `(num_items,
            width)`, as the model was built from.
        warm: bool array of shape `(num_items,)`, the items with users.
    """

    def __init__(self, features, warm):
        self.features = features
        self.warm = warm

    def rows(self, modality, new_features, num_neighbors, item_graph=None):
        """The rows of new items in the item graph of a modality.

        Args:
            modality: String.
            new_features: Float array `(num_new, width)`.
            num_neighbors: Integer.
            item_graph: `Adjacency`, the symmetric graph of the modality.
                Defaults to `None`: the graph's rows sum to one.

        Returns:
            SciPy CSR matrix of shape `(num_new, num_items)`.
        """
        features = self.features[modality]
        degrees = None
        if item_graph is not None:
            degrees = kept_similarities(item_graph, features)
        return self.rows_among(features, new_features, num_neighbors, degrees)

    def mean_rows(self, modality, new_features, num_neighbors):
        """Rows in which every neighbor counts alike and all sum to one.

        Args:
            modality: String.
            new_features: Float array `(num_new, width)`.
            num_neighbors: Integer. All, where there are fewer.

        Returns:
            SciPy CSR matrix of shape `(num_new, num_items)`.
        """
        warm_ids = np.flatnonzero(self.warm)
        k = min(num_neighbors, len(warm_ids))
        features = self.features[modality]
        nearest, _ = nearest_among(
            np.asarray(new_features), features[warm_ids], k
        )
        rows = np.repeat(np.arange(len(new_features)), k)
        return scipy.sparse.csr_matrix(
            (np.full(nearest.size, 1.0 / k), (rows, warm_ids[nearest.ravel()])),
            shape=(len(new_features), len(features)),
        )

    def rows_among(self, features, new_features, num_neighbors, degrees=None):
        """`rows` by other features than the data's, such as trained ones.

        Args:
            features: Float array `(num_items, width)`.
            new_features: Float array `(num_new, width)`.
            num_neighbors: Integer.
            degrees: Float array `(num_items,)` of a symmetric graph. Defaults
                to `None`.

        Returns:
            SciPy CSR matrix of shape `(num_new, num_items)`.
        """
        return semantic_rows(
            np.asarray(features),
            np.asarray(new_features),
            self.warm,
            num_neighbors,
            degrees,
        )


def id_states(model):
    """ID embeddings of all nodes, users first, `(num_nodes, dim)`."""
    return ops.concatenate([model.user_table, model.item_table], axis=0)


def item_layers(adjacency, states, num_layers, num_users):
    """The items' states in every layer of the user-item graph.

    Args:
        adjacency: `Adjacency` of all nodes, users first.
        states: Float tensor of shape `(num_nodes, dim)`.
        num_layers: Integer.
        num_users: Integer.

    Returns:
        List of `num_layers + 1` arrays of shape `(num_items, dim)`.
    """
    layers = [states]
    for _ in range(num_layers):
        layers.append(sparse_matmul(adjacency, layers[-1]))
    return [np.asarray(layer)[num_users:] for layer in layers]


def item_sources(adjacency, states, num_layers, num_users):
    """What a user gathers of its items in the mean over layers.

    Of all layers but its own first, which is zero for a new user.

    Args:
        adjacency: `Adjacency` of all nodes, users first.
        states: Float tensor of shape `(num_nodes, dim)`.
        num_layers: Integer.
        num_users: Integer.

    Returns:
        Array of shape `(num_items, dim)`.
    """
    layers = item_layers(adjacency, states, num_layers, num_users)
    return sum(layers[:-1], np.zeros_like(layers[0])) / (num_layers + 1)


def id_sources(model):
    """`item_sources` of the ID embeddings on a model's `adjacency`."""
    return item_sources(
        model.adjacency, id_states(model), model.num_layers, model.num_users
    )


def split_rows(states, num_users):
    """States of all nodes as arrays of the users' and of the items'."""
    states = np.asarray(states)
    return states[:num_users], states[num_users:]


def split_parts(parts, num_users):
    """Named states of all nodes in the form of `Recommender.parts`."""
    return {name: split_rows(s, num_users) for name, s in parts.items()}


def only_columns(vectors, columns):
    """Vectors with zeros outside some columns."""
    part = np.zeros_like(vectors)
    part[:, columns] = vectors[:, columns]
    return part


def with_zeros(modal, modality):
    """A dictionary of states in which those of one modality are zero."""
    return {
        m: ops.zeros_like(states) if m == modality else states
        for m, states in modal.items()
    }

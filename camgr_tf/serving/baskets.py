import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops import Adjacency


class Baskets:
    """Lists of items, one a new user, as edges from items to new users.

    Args:
        item_lists: List of arrays of item ids, none empty. An id that is
            repeated in a list counts once.
        item_degrees: Array of shape `(num_items,)`, the users of each item in
            training. An item without users counts as having one.

    Attributes:
        rows: Array of shape `(num_edges,)`, the basket of each edge.
        items: Array of shape `(num_edges,)`, its item.
        counts: float32 array of shape `(num_baskets,)`, the sizes `d_u`.
        mean: SciPy CSR matrix `(num_baskets, num_items)` of `1 / d_u`.
        symmetric: The same places, `1 / sqrt(d_u d_i)`.
    """

    def __init__(self, item_lists, item_degrees):
        lists = [np.unique(np.asarray(items)) for items in item_lists]
        sizes = np.array([len(items) for items in lists])
        self.rows = np.repeat(np.arange(len(lists)), sizes)
        self.items = np.concatenate(lists).astype("int64")
        self.counts = sizes.astype("float32")
        self.item_degrees = np.maximum(item_degrees, 1).astype("float32")
        own_counts = self.counts[self.rows]
        self.mean = self.matrix(1.0 / own_counts)
        self.symmetric = self.matrix(
            1.0 / np.sqrt(own_counts * self.item_degrees[self.items])
        )

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

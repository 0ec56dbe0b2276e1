from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf


class SymmetricAdjacency(NamedTuple):
    """A symmetric sparse matrix, its own transpose, for products.

    Attributes:
        tensor: `tf.SparseTensor` of shape `(num_nodes, num_nodes)`.
        transposed: The same.
    """

    tensor: tf.SparseTensor
    transposed: tf.SparseTensor


class EdgeSampling(keras.layers.Layer):
    """A user-item graph of a few of its edges, drawn anew for each epoch.

    ```
    p(u, i) ~ 1 / sqrt(d_u d_i)             one edge after another, without
                                            putting back
    a(u, i) = 1 / sqrt(d'_u d'_i)           d' counts the edges that are kept
    ```

    Edges of nodes with many are left out more often. A node that keeps none
    has a row of zeros.

    The graph lies in variables that do not train, since a constant would be
    frozen into the compiled step; `draw` fills them. What it draws follows
    from the seed and the epoch.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        num_edges: Integer. User-item pairs that are kept, `1` to all.
        seed: Integer. Defaults to `0`.
        name: String. Of the layer in saved weights. Defaults to `None`.

    Raises:
        ValueError: If there are not that many pairs.

    Example:

    ```python
    import keras

    from camgr_tf.layers.edge_sampling import EdgeSampling
    from camgr_tf.ops import sparse_matmul
    from camgr_tf.testing import tiny_dataset

    sampling = EdgeSampling(tiny_dataset().interactions, num_edges=5)
    sampling.draw(epoch=3)
    sums = sparse_matmul(sampling.adjacency(), keras.ops.ones((16, 1)))
    ```

    Reference:
        Zhou and Shen, "A Tale of Two Graphs", MM 2023; drawn by the Gumbel
        trick of Efraimidis and Spirakis, Information Processing Letters 2006.
    """

    def __init__(self, interactions, num_edges, *, seed=0, name=None):
        super().__init__(name=name, trainable=False)
        pairs = interactions.train
        if not 1 <= num_edges <= len(pairs):
            raise ValueError(
                f"`num_edges` must be in 1..{len(pairs)}, the training pairs. "
                f"Received: num_edges={num_edges}"
            )
        self.num_users = interactions.num_users
        self.num_nodes = interactions.num_users + interactions.num_items
        self.num_edges = num_edges
        self.seed = seed
        self.pairs = pairs + np.array([0, self.num_users])
        degrees = np.bincount(self.pairs.ravel(), minlength=self.num_nodes)
        self.log_weights = -0.5 * np.log(degrees[self.pairs]).sum(axis=1)
        self.indices = self.add_weight(
            name="indices",
            shape=(2 * num_edges, 2),
            dtype="int64",
            initializer="zeros",
            trainable=False,
        )
        self.values = self.add_weight(
            name="values",
            shape=(2 * num_edges,),
            initializer="zeros",
            trainable=False,
        )
        self.built = True
        self.draw(0)

    def draw(self, epoch):
        """Fills the variables with an epoch's graph.

        Args:
            epoch: Integer, from 0.
        """
        rng = np.random.default_rng([self.seed, epoch])
        kept = sample_without_replacement(self.log_weights, self.num_edges, rng)
        pairs = self.pairs[kept]
        degrees = np.bincount(pairs.ravel(), minlength=self.num_nodes)
        values = 1.0 / np.sqrt(degrees[pairs].prod(axis=1))
        edges = np.concatenate([pairs, pairs[:, ::-1]])
        order = np.lexsort((edges[:, 1], edges[:, 0]))
        self.indices.assign(edges[order])
        self.values.assign(np.tile(values, 2)[order])

    def adjacency(self):
        """The graph of the epoch that `draw` was last called with.

        Returns:
            `SymmetricAdjacency` of shape `(num_nodes, num_nodes)`, users
            first.
        """
        tensor = tf.SparseTensor(
            tf.convert_to_tensor(self.indices),
            tf.convert_to_tensor(self.values),
            (self.num_nodes, self.num_nodes),
        )
        return SymmetricAdjacency(tensor, tensor)


def sample_without_replacement(log_weights, num_samples, rng):
    """Places drawn one after another, in proportion to the weights left.

    Args:
        log_weights: Float array of shape `(num_places,)`.
        num_samples: Integer, at most the number of places.
        rng: `numpy.random.Generator`.

    Returns:
        Integer array of shape `(num_samples,)`, in no order.
    """
    # The largest of these keys are such a sample.
    keys = log_weights + rng.gumbel(size=len(log_weights))
    return np.argpartition(-keys, num_samples - 1)[:num_samples]

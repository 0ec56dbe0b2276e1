import copy

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops.segment import segment_sum


class Adjacency:
    """A constant sparse matrix, its transpose and its edge list.

    Everything that a graph layer may ask for is computed once, in row-major
    order: the matrix as a `tf.SparseTensor`, the transpose that the backward
    of a product needs, and the permutation that carries edge values from one
    to the other.

    Args:
        matrix: SciPy sparse matrix of shape `(num_targets, num_sources)`.
            Entry `[target, source]` is the weight of the edge along which
            `source` sends to `target`. Entries at the same place are summed.

    Attributes:
        shape: Tuple `(num_targets, num_sources)`.
        num_edges: Integer. Number of stored entries.
        targets: int32 tensor of shape `(num_edges,)`, sorted.
        sources: int32 tensor of shape `(num_edges,)`.
        tensor: `tf.SparseTensor` of shape `(num_targets, num_sources)`.
        transposed: `tf.SparseTensor` of shape `(num_sources, num_targets)`.
        permutation: int32 tensor of shape `(num_edges,)`;
            `transposed.values == tf.gather(tensor.values, permutation)`.
        target_degrees: float32 tensor of shape `(num_targets,)`. Number of
            edges that arrive at each target.
        source_degrees: float32 tensor of shape `(num_sources,)`. Number of
            edges that leave each source.

    Raises:
        ValueError: If `matrix` is not a SciPy sparse matrix, or has an entry
            that is not finite.
    """

    def __init__(self, matrix):
        if not scipy.sparse.issparse(matrix):
            raise ValueError(
                "`matrix` must be a SciPy sparse matrix. "
                f"Received: {type(matrix).__name__}"
            )
        # A copy in canonical order: sorted columns, no repeated entries.
        matrix = scipy.sparse.csr_matrix(matrix, dtype="float32", copy=True)
        matrix.sum_duplicates()
        if not np.isfinite(matrix.data).all():
            raise ValueError("`matrix` has entries that are not finite.")
        edges = matrix.tocoo()
        order = np.lexsort((edges.row, edges.col))
        self.shape = matrix.shape
        self.num_edges = matrix.nnz
        # Created outside any `tf.function`: constants are captured, not
        # copied into each graph, and survive being built inside a trace.
        with tf.init_scope():
            self.targets = tf.constant(edges.row, "int32")
            self.sources = tf.constant(edges.col, "int32")
            self.permutation = tf.constant(order, "int32")
            self.tensor = _sparse_tensor(
                edges.row, edges.col, edges.data, matrix.shape
            )
            self.transposed = _sparse_tensor(
                edges.col[order],
                edges.row[order],
                edges.data[order],
                matrix.shape[::-1],
            )
            self._keys = _pair_keys(self.targets, self.sources, self.shape)
            self.target_degrees = tf.constant(
                np.bincount(edges.row, minlength=matrix.shape[0]), "float32"
            )
            self.source_degrees = tf.constant(
                np.bincount(edges.col, minlength=matrix.shape[1]), "float32"
            )

    def without(self, targets, sources, keep_sums=False):
        """The same matrix with some entries set to zero, for one product.

        Degrees stay as they are. Cheap enough for every training step: a
        copy of the values.

        Args:
            targets: int32 tensor of shape `(num_pairs,)`.
            sources: int32 tensor of shape `(num_pairs,)`. A pair that is no
                edge changes nothing.
            keep_sums: Boolean. Whether a target's other entries grow so that
                they sum to what all did, as a mean over the others needs;
                with none left, all are zero. Defaults to `False`: they stay
                as they are.

        Returns:
            `Adjacency` with the same edges, whose values are zero at the
            given places.
        """
        keys = _pair_keys(targets, sources, self.shape)
        places = tf.searchsorted(self._keys, keys)
        places = tf.minimum(places, self.num_edges - 1)
        is_edge = tf.gather(self._keys, places) == keys
        # What is no edge goes to a place behind the last: to leave it out
        # would make a GPU wait until their number is known.
        places = tf.where(is_edge, places, self.num_edges)
        values = tf.tensor_scatter_nd_update(
            tf.concat([self.tensor.values, [0.0]], axis=0),
            places[:, None],
            tf.zeros_like(places, self.tensor.values.dtype),
        )[: self.num_edges]
        if keep_sums:
            before, after = (
                segment_sum(v, self.targets, self.shape[0])
                for v in (self.tensor.values, values)
            )
            scales = tf.math.divide_no_nan(before, after)
            values = values * tf.gather(scales, self.targets)
        return self._with_values(values)

    def dropout(self, rate, seed):
        """The same matrix with random entries set to zero, for one product.

        Each entry is kept with probability `1 - rate` and then divided by
        that, so that the expectation of a product stays as it is.

        Args:
            rate: Float in `[0, 1)`.
            seed: `camgr_tf.ops.HostSeedGenerator`.

        Returns:
            `Adjacency` with the same edges.
        """
        values = keras.random.dropout(self.tensor.values, rate, seed=seed)
        return self._with_values(values)

    def _with_values(self, values):
        result = copy.copy(self)
        result.tensor = self.tensor.with_values(values)
        result.transposed = self.transposed.with_values(
            tf.gather(values, self.permutation)
        )
        return result


def _pair_keys(targets, sources, shape):
    """One sortable number for each pair."""
    return tf.cast(targets, "int64") * shape[1] + tf.cast(sources, "int64")


def _sparse_tensor(rows, columns, values, shape):
    indices = np.stack([rows, columns], axis=1).astype("int64")
    return tf.SparseTensor(indices, values.astype("float32"), shape)

import copy

import keras
import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops.segment import segment_sum

# Attributes that are made when they are first asked for.
TENSORS = (
    "targets",
    "sources",
    "permutation",
    "tensor",
    "transposed",
    "target_degrees",
    "source_degrees",
    "_keys",
)


class Adjacency:
    """A constant sparse matrix, its transpose and its edge list.

    Everything that a graph layer may ask for is computed once, in row-major
    order: the matrix as a `tf.SparseTensor`, the transpose that the backward
    of a product needs, and the permutation that carries edge values from one
    to the other. The tensors are made when one of them is first asked for:
    what samples neighbors reads `matrix` alone, a seventh of the memory.

    Args:
        matrix: SciPy sparse matrix of shape `(num_targets, num_sources)`.
            Entry `[target, source]` is the weight of the edge along which
            `source` sends to `target`. Entries at the same place are summed.

    Attributes:
        matrix: SciPy CSR matrix, float32, in canonical order.
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
        self.matrix = matrix
        self.shape = matrix.shape
        self.num_edges = matrix.nnz

    @classmethod
    def from_edges(cls, targets, sources, values, permutation, shape):
        """A matrix of edges that are tensors, such as those of a step.

        Args:
            targets: int32 tensor of shape `(num_edges,)`, sorted.
            sources: int32 tensor of shape `(num_edges,)`, sorted among the
                edges of a target; no pair stands twice.
            values: float32 tensor of shape `(num_edges,)`.
            permutation: int32 tensor of shape `(num_edges,)`, the edges by
                source, then by target.
            shape: Tuple `(num_targets, num_sources)` of integers or of
                scalar int32 tensors.

        Returns:
            `Adjacency` without `matrix`.
        """
        result = cls.__new__(cls)
        result.shape = tuple(shape)
        result.num_edges = tf.shape(values)[0]
        result._set_tensors(targets, sources, values, permutation)
        return result

    def __getattr__(self, name):
        if name not in TENSORS or "matrix" not in vars(self):
            raise AttributeError(name)
        # Created outside any `tf.function`: constants are captured, not
        # copied into each graph, and survive being built inside a trace.
        with tf.init_scope():
            edges = self.matrix.tocoo()
            self._set_tensors(
                tf.constant(edges.row, "int32"),
                tf.constant(edges.col, "int32"),
                tf.constant(edges.data, "float32"),
                tf.constant(np.lexsort((edges.row, edges.col)), "int32"),
            )
        return vars(self)[name]

    def _set_tensors(self, targets, sources, values, permutation):
        tensors = {
            "targets": targets,
            "sources": sources,
            "permutation": permutation,
            "tensor": _sparse_tensor(targets, sources, values, self.shape),
            "transposed": _sparse_tensor(
                tf.gather(sources, permutation),
                tf.gather(targets, permutation),
                tf.gather(values, permutation),
                self.shape[::-1],
            ),
            "target_degrees": _degrees(targets, self.shape[0]),
            "source_degrees": _degrees(sources, self.shape[1]),
            "_keys": _pair_keys(targets, sources, self.shape),
        }
        # What was set by hand stays.
        vars(self).update({**tensors, **vars(self)})

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
        tensor = self.tensor.with_values(values)  # before the copy is made
        result = copy.copy(self)
        result.tensor = tensor
        result.transposed = self.transposed.with_values(
            tf.gather(values, self.permutation)
        )
        return result


def _pair_keys(targets, sources, shape):
    """One sortable number for each pair."""
    num_sources = tf.cast(shape[1], "int64")
    return tf.cast(targets, "int64") * num_sources + tf.cast(sources, "int64")


def _degrees(ends, num_nodes):
    return segment_sum(tf.ones_like(ends, "float32"), ends, num_nodes)


def _sparse_tensor(rows, columns, values, shape):
    indices = tf.cast(tf.stack([rows, columns], axis=1), "int64")
    shape = tf.stack([tf.cast(size, "int64") for size in shape])
    return tf.SparseTensor(indices, values, shape)

"""The least that a compiled function must compute and move."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.rates import matrix_rate
from camgr_tf.benchmarks.rates import memory_bandwidth

MATRIX_PRODUCTS = ("MatMul", "BatchMatMulV2")
SPARSE_PRODUCT = "SparseMatrixMatMul"
NUMBER_BYTES = 4
# A column and a value of each entry of a sparse matrix.
ENTRY_BYTES = 8
# Adam reads a weight, its gradient and two moments, and writes all but the
# gradient.
OPTIMIZER_NUMBERS = 7
OPTIMIZER_OPERATIONS = 12
# What `tf.while_loop` compares with where no limit is given.
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Work:
    """Operations and bytes of some computation.

    Args:
        operations: Float. Two for each product of two numbers that is added
            up. Defaults to `0.0`.
        num_bytes: Float. Read and written. Defaults to `0.0`.
    """

    operations: float = 0.0
    num_bytes: float = 0.0

    def __add__(self, other):
        return Work(
            self.operations + other.operations, self.num_bytes + other.num_bytes
        )

    def times(self, factor):
        """The work of `factor` repetitions."""
        return Work(factor * self.operations, factor * self.num_bytes)

    def seconds(self, matrix_rate, bandwidth):
        """Seconds if operations and transfers overlap completely.

        Args:
            matrix_rate: Float, operations a second.
            bandwidth: Float, bytes a second.

        Returns:
            Float.
        """
        return max(self.operations / matrix_rate, self.num_bytes / bandwidth)


def product_work(graph):
    """Work of the dense and sparse products of a graph.

    ```
    dense  (m, k) by (k, n):  2 m k n operations, m k + k n + m n numbers
    sparse nnz, (k, n) to (m, n):  2 nnz n operations, nnz entries and
                                   k n + m n numbers
    ```

    Everything elementwise counts as nothing, as if it were computed where a
    product reads or writes; each product moves its operands once, as if none
    stayed in the cache from one to the next. The body of a loop counts as
    often as its condition says, once where that cannot be read. A product
    whose shape is not known before it runs counts as nothing.

    Args:
        graph: `tf.Graph` of a concrete function.

    Returns:
        `Work`.
    """
    total = Work()
    for operation in graph.get_operations():
        if operation.type in MATRIX_PRODUCTS:
            total += _dense_work(operation)
        elif operation.type == SPARSE_PRODUCT:
            total += _sparse_work(operation)
        elif operation.type in ("While", "StatelessWhile"):
            body = _function(graph, operation.get_attr("body").name)
            condition = _function(graph, operation.get_attr("cond").name)
            if body is not None:
                total += product_work(body).times(_num_rounds(condition))
        elif operation.type in ("PartitionedCall", "StatefulPartitionedCall"):
            called = _function(graph, operation.get_attr("f").name)
            if called is not None:
                total += product_work(called)
    return total


def optimizer_work(num_weights):
    """Work of one step of Adam.

    Args:
        num_weights: Integer. Trainable numbers.

    Returns:
        `Work`.
    """
    return Work(
        OPTIMIZER_OPERATIONS * num_weights,
        OPTIMIZER_NUMBERS * NUMBER_BYTES * num_weights,
    )


def floor_columns(work, seconds, threads):
    """Columns of a table: the least time of some work, beside the measured.

    Args:
        work: `Work`.
        seconds: Float. What the work took.
        threads: Integer. Threads that the bandwidth is measured with.

    Returns:
        Dictionary of plain values.
    """
    rate, bandwidth = matrix_rate(), memory_bandwidth(threads)
    floor = work.seconds(rate, bandwidth)
    return {
        "floor_operations": work.operations,
        "floor_bytes": work.num_bytes,
        "operations_per_second": rate,
        "bytes_per_second": bandwidth,
        "floor_seconds": floor,
        "times_floor": seconds / floor,
    }


def _dense_work(operation):
    left, right = (tensor.shape for tensor in operation.inputs)
    result = operation.outputs[0].shape
    if not all(s.is_fully_defined() for s in (left, right, result)):
        return Work()
    transposed = "transpose_a" if operation.type == "MatMul" else "adj_x"
    inner = left[-2] if operation.get_attr(transposed) else left[-1]
    numbers = sum(s.num_elements() for s in (left, right, result))
    return Work(2.0 * inner * result.num_elements(), NUMBER_BYTES * numbers)


def _sparse_work(operation):
    num_entries = _num_entries(operation.inputs[0].op)
    dense, result = operation.inputs[1].shape, operation.outputs[0].shape
    if num_entries is None or dense[-1] is None:
        return Work()
    numbers = sum(
        s.num_elements() for s in (dense, result) if s.is_fully_defined()
    )
    return Work(
        2.0 * num_entries * dense[-1],
        ENTRY_BYTES * num_entries + NUMBER_BYTES * numbers,
    )


def _num_entries(operation):
    if operation.type != "SparseTensorToCSRSparseMatrix":
        return None
    return operation.inputs[0].shape[0]


def _num_rounds(condition):
    """The number that the condition compares its counter with, or 1."""
    limits = [1]
    for operation in condition.get_operations() if condition else ():
        if operation.type == "Less":
            limit = tf.get_static_value(operation.inputs[1])
            if limit is not None and np.ndim(limit) == 0:
                limits.append(int(limit))
    return max(n for n in limits if n < NO_LIMIT)


def _function(graph, name):
    """The graph of a function that a graph calls, `None` if unknown."""
    while graph is not None:
        function = graph._get_function(name)
        if function is not None:
            return function.graph
        graph = getattr(graph, "outer_graph", None)
    return None

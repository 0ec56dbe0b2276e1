import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.benchmarks.floor import Work
from camgr_tf.benchmarks.floor import optimizer_work
from camgr_tf.benchmarks.floor import product_work
from camgr_tf.ops import Adjacency
from camgr_tf.ops import sparse_matmul


def work_of(function, *shapes):
    specifications = [tf.TensorSpec(shape) for shape in shapes]
    concrete = tf.function(function).get_concrete_function(*specifications)
    return product_work(concrete.graph)


def test_dense_products():
    # 2 * 3 * 4 * 5 operations; 12 + 20 + 15 numbers of 4 bytes.
    expected = Work(120, 188)
    assert work_of(tf.matmul, (3, 4), (4, 5)) == expected
    assert (
        work_of(lambda a, b: tf.matmul(a, b, transpose_a=True), (4, 3), (4, 5))
        == expected
    )
    # Two of them in a batch.
    assert work_of(tf.matmul, (2, 3, 4), (2, 4, 5)) == Work(240, 376)


def test_sparse_products_forward_and_backward():
    matrix = scipy.sparse.csr_matrix(np.array([[1.0, 0, 2], [0, 3, 0]]))
    adjacency = Adjacency(matrix)

    def gradient(states):
        with tf.GradientTape() as tape:
            tape.watch(states)
            total = tf.reduce_sum(sparse_matmul(adjacency, states) ** 2)
        return tape.gradient(total, states)

    # 3 entries of 8 bytes; (3, 5) in and (2, 5) out are 25 numbers of 4.
    assert work_of(gradient, (3, 5)) == Work(2 * 30, 2 * (24 + 100))


def test_a_loop_counts_its_rounds():
    def repeat(states):
        return tf.while_loop(
            lambda k, x: k < 7,
            lambda k, x: (k + 1, tf.matmul(x, x)),
            (0, states),
        )[1]

    assert work_of(repeat, (2, 2)) == Work(7 * 16, 7 * 48)


def test_unknown_shapes_and_other_operations_count_nothing():
    assert work_of(tf.matmul, (None, 4), (4, 5)) == Work()
    assert work_of(lambda a: tf.exp(a) + a, (3, 4)) == Work()


def test_a_called_function_counts():
    inner = tf.function(lambda a: tf.matmul(a, a))
    assert work_of(lambda a: inner(a), (2, 2)) == Work(16, 48)


def test_the_slower_of_both_is_the_floor():
    work = Work(100, 10) + Work(100, 10)
    assert work.seconds(matrix_rate=50, bandwidth=10) == pytest.approx(4)
    assert work.seconds(matrix_rate=200, bandwidth=10) == pytest.approx(2)


def test_adam():
    # Four numbers read and three written, of 4 bytes.
    assert optimizer_work(10).num_bytes == 280

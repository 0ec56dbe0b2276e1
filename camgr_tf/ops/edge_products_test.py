import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops import Adjacency
from camgr_tf.ops import edge_products
from camgr_tf.ops import sparse
from camgr_tf.ops import weighted_matmul

# Target 0 receives from 1 and 2, target 1 from 0.
MATRIX = scipy.sparse.csr_matrix(np.array([[0, 5, 7], [3, 0, 0]], "float32"))
TARGETS = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
SOURCES = np.array([[1.0, 1.0], [0.0, 2.0], [5.0, 0.0]], "float32")


def test_by_hand():
    # (1, 2).(0, 2) = 4;  (1, 2).(5, 0) = 5;  (3, 4).(1, 1) = 7.
    products = edge_products(Adjacency(MATRIX), TARGETS, SOURCES)
    np.testing.assert_array_equal(products, [4.0, 5.0, 7.0])


def test_gradients_by_hand():
    targets, sources = tf.Variable(TARGETS), tf.Variable(SOURCES)
    with tf.GradientTape() as tape:
        products = edge_products(Adjacency(MATRIX), targets, sources)
        loss = tf.reduce_sum(products * [1.0, 10.0, 100.0])
    target_gradient, source_gradient = tape.gradient(loss, [targets, sources])
    # Target 0: 1 (0, 2) + 10 (5, 0); target 1: 100 (1, 1).
    np.testing.assert_array_equal(target_gradient, [[50, 2], [100, 100]])
    np.testing.assert_array_equal(
        source_gradient, [[300, 400], [1, 2], [10, 20]]
    )


@pytest.mark.parametrize("edges_at_a_time", [1, 4, 7, 100])
@pytest.mark.parametrize("compiled", [False, True])
def test_blocks_do_not_matter(edges_at_a_time, compiled, monkeypatch):
    monkeypatch.setattr(sparse, "EDGES_AT_A_TIME", edges_at_a_time)
    rng = np.random.default_rng(0)
    matrix = rng.random((6, 5)) < 0.5
    targets, sources = rng.normal(size=(2, 6, 3)).astype("float32")
    sources = sources[:5]
    adjacency = Adjacency(scipy.sparse.csr_matrix(matrix))
    upstream = rng.normal(size=(6, 3)).astype("float32")

    def results(x, y):
        weights = tf.ones(adjacency.num_edges)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            product = weighted_matmul(adjacency, weights, y)
            loss = tf.reduce_sum(product * upstream)
        return edge_products(adjacency, x, y), tape.gradient(loss, weights)

    if compiled:
        results = tf.function(results)
    products, gradient = results(tf.constant(targets), tf.constant(sources))
    expected = (targets @ sources.T)[matrix]
    np.testing.assert_allclose(products, expected, rtol=1e-5, atol=1e-6)
    expected = (upstream @ sources.T)[matrix]
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)

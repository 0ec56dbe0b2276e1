import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops import sparse
from camgr_tf.ops.adjacency import Adjacency
from camgr_tf.ops.sparse import layer_mean
from camgr_tf.ops.sparse import propagate
from camgr_tf.ops.sparse import sparse_matmul
from camgr_tf.ops.sparse import weighted_matmul

# Target 1 receives nothing; source 3 sends nothing.
MATRIX = np.array(
    [[0.0, 2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0], [5.0, 7.0, 0.0, 0.0]]
)
STATES = np.array([[1.0, -1.0], [2.0, 0.5], [0.0, 3.0], [9.0, 9.0]], "float32")


@pytest.fixture(autouse=True, params=["CSR", "deterministic"])
def kernel(request, monkeypatch):
    """Each test is of both ways to multiply."""
    if request.param == "deterministic":
        monkeypatch.setattr(sparse, "has_gpu", lambda: True)
        monkeypatch.setenv("CAMGR_DETERMINISTIC", "1")
        monkeypatch.setattr(tf, "raw_ops", None)


def _random(num_targets=30, num_sources=20, dim=5, seed=0):
    rng = np.random.default_rng(seed)
    matrix = scipy.sparse.random_array(
        (num_targets, num_sources), density=0.2, rng=rng
    )
    states = rng.normal(size=(num_sources, dim)).astype("float32")
    upstream = rng.normal(size=(num_targets, dim)).astype("float32")
    return matrix, states, upstream


def test_product_by_hand():
    result = sparse_matmul(Adjacency(scipy.sparse.csr_matrix(MATRIX)), STATES)
    # Row 0: 2 [2, .5] + 3 [0, 3]. Row 2: 5 [1, -1] + 7 [2, .5].
    np.testing.assert_allclose(result, [[4, 10], [0, 0], [19, -1.5]])


@pytest.mark.parametrize("compiled", [False, True])
def test_backward_is_the_product_with_the_transpose(compiled):
    matrix, states, upstream = _random()
    adjacency = Adjacency(matrix)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(sparse_matmul(adjacency, x) * upstream)
        return tape.gradient(loss, x)

    if compiled:
        gradient = tf.function(gradient)
    np.testing.assert_allclose(
        gradient(tf.constant(states)),
        matrix.toarray().T @ upstream,
        rtol=1e-5,
        atol=1e-6,
    )


def test_product_with_a_variable_inside_a_function():
    matrix, states, upstream = _random(seed=1)
    adjacency = Adjacency(matrix)
    variable = tf.Variable(states)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            product = sparse_matmul(adjacency, variable)
            loss = tf.reduce_sum(product * upstream)
        return product, tape.gradient(loss, variable)

    product, gradient = step()
    dense = matrix.toarray()
    assert product.shape == (30, 5)
    np.testing.assert_allclose(product, dense @ states, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, dense.T @ upstream, 1e-5, 1e-6)


def test_product_keeps_half_precision_outside():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    result = sparse_matmul(adjacency, STATES.astype("float16"))
    assert result.dtype == tf.float16
    np.testing.assert_allclose(result, [[4, 10], [0, 0], [19, -1.5]])


def test_a_matrix_without_entries_gives_zeros():
    adjacency = Adjacency(scipy.sparse.csr_matrix((3, 4)))
    np.testing.assert_array_equal(
        sparse_matmul(adjacency, STATES), [[0, 0]] * 3
    )
    weighted = weighted_matmul(adjacency, np.zeros(0, "float32"), STATES)
    np.testing.assert_array_equal(weighted, [[0, 0]] * 3)


def test_weighted_product_by_hand():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    # Edges (0, 1), (0, 2), (2, 0), (2, 1); the values 2, 3, 5, 7 play no part.
    weights = np.array([1.0, -1.0, 0.5, 2.0], "float32")
    result = weighted_matmul(adjacency, weights, STATES)
    # Row 0: [2, .5] - [0, 3]. Row 2: .5 [1, -1] + 2 [2, .5].
    np.testing.assert_allclose(result, [[2, -2.5], [0, 0], [4.5, 0.5]])


@pytest.mark.parametrize("compiled", [False, True])
def test_weighted_gradients_are_the_dense_ones(compiled):
    matrix, states, upstream = _random(seed=2)
    adjacency = Adjacency(matrix)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=adjacency.num_edges).astype("float32")
    edges = np.stack([adjacency.targets, adjacency.sources], axis=1)

    def gradients(weights, states):
        with tf.GradientTape() as tape:
            tape.watch([weights, states])
            product = weighted_matmul(adjacency, weights, states)
            loss = tf.reduce_sum(product * upstream)
        return tape.gradient(loss, [weights, states])

    if compiled:
        gradients = tf.function(gradients)
    weights, states = tf.constant(weights), tf.constant(states)
    with tf.GradientTape() as tape:
        tape.watch([weights, states])
        dense = tf.scatter_nd(edges, weights, adjacency.shape)
        loss = tf.reduce_sum((dense @ states) * upstream)
    expected = tape.gradient(loss, [weights, states])
    for ours, theirs in zip(gradients(weights, states), expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_weighted_gradient_by_finite_differences():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    weights = tf.constant([1.0, -1.0, 0.5, 2.0])
    upstream = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")

    def loss(weights):
        product = weighted_matmul(adjacency, weights, STATES)
        return tf.reduce_sum(product * upstream)

    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = loss(weights)
    # The loss is linear in the weights: a whole step is exact.
    differences = [
        float(loss(weights + np.eye(4, dtype="float32")[e]) - value)
        for e in range(4)
    ]
    np.testing.assert_allclose(
        tape.gradient(value, weights), differences, rtol=1e-5
    )


def test_propagate_by_hand():
    # A path 0 - 1 - 2 with weights one half; node 3 has no edge.
    matrix = np.zeros((4, 4))
    matrix[[0, 1, 1, 2], [1, 0, 2, 1]] = 0.5
    adjacency = Adjacency(scipy.sparse.csr_matrix(matrix))
    states = np.array([[4.0], [8.0], [12.0], [6.0]], "float32")
    # A X = [4, 8, 4, 0] and A A X = [4, 4, 4, 0].
    np.testing.assert_array_equal(propagate(adjacency, states, 0), states)
    np.testing.assert_allclose(
        propagate(adjacency, states, 1), [[4], [8], [8], [3]]
    )
    np.testing.assert_allclose(
        propagate(adjacency, states, 2),
        [[4], [20 / 3], [20 / 3], [2]],
        rtol=1e-6,
    )


def test_propagate_of_some_nodes():
    adjacency = Adjacency(scipy.sparse.csr_matrix([[0, 0.5], [0.5, 0]]))
    states = tf.constant([[4.0], [8.0]])
    rows = np.array([1, 0, 1], "int32")
    with tf.GradientTape() as tape:
        tape.watch(states)
        result = propagate(adjacency, states, 1, rows)
    # A X = [4, 2].
    np.testing.assert_array_equal(result, [[5], [4], [5]])
    # Each row asked for gives half to its own state and a quarter to the other.
    np.testing.assert_array_equal(tape.gradient(result, states), [[1], [1.25]])


def test_layer_mean_by_hand():
    layers = [np.array([[x], [10 * x]], "float32") for x in (1.0, 2.0, 6.0)]
    np.testing.assert_array_equal(layer_mean(layers), [[3], [30]])
    rows = np.array([1], "int32")
    np.testing.assert_array_equal(layer_mean(layers, rows), [[30]])

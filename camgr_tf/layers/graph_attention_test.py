import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import bipartite_matrix
from camgr_tf.layers.graph_attention import GraphAttention
from camgr_tf.ops import Adjacency
from camgr_tf.testing import run_layer_test
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.numpy_reference import graph_attention


def _adjacency(edges, num_nodes):
    targets, sources = np.transpose(edges)
    return Adjacency(
        scipy.sparse.csr_matrix(
            (np.ones(len(edges)), (targets, sources)),
            shape=(num_nodes, num_nodes),
        )
    )


# Node 0 hears 1 and 2, node 1 hears 2, node 2 hears itself, node 3 nobody.
EDGES = [(0, 1), (0, 2), (1, 2), (2, 2)]
STATES = np.array([[1.0, 0.0], [4.0, 2.0], [0.0, 8.0], [5.0, 5.0]], "float32")


def _random(units=4, **arguments):
    """A layer with random weights on the tiny graph, and its inputs."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(16, 5)).astype("float32")
    matrix = bipartite_matrix(tiny_dataset().interactions)
    layer = GraphAttention(units, **arguments)
    layer(states, adjacency=Adjacency(matrix))
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    neighbors = [np.flatnonzero(row).tolist() for row in matrix.toarray() != 0]
    return layer, states, Adjacency(matrix), neighbors


def test_equal_logits_give_the_mean():
    layer = GraphAttention(2)
    adjacency = _adjacency(EDGES, 4)
    layer(STATES, adjacency=adjacency)
    layer.set_weights([np.eye(2), np.zeros((2, 2))])
    # Node 0 averages nodes 1 and 2: ([4, 2] + [0, 8]) / 2.
    np.testing.assert_allclose(
        layer(STATES, adjacency=adjacency), [[2, 5], [0, 8], [0, 8], [0, 0]]
    )


def test_source_end_decides_among_neighbors():
    layer = GraphAttention(2)
    adjacency = _adjacency(EDGES, 4)
    layer(STATES, adjacency=adjacency)
    # A target's own score is the same for all its edges; the source's first
    # channel, times log(3) / 4, is log 3 for node 1 and 0 for node 2.
    attention = np.array([[0.3, np.log(3) / 4], [0.0, 0.0]])
    layer.set_weights([np.eye(2), attention])
    # Above zero LeakyReLU changes nothing: 3/4 [4, 2] + 1/4 [0, 8].
    np.testing.assert_allclose(
        layer(STATES, adjacency=adjacency)[0], [3, 3.5], rtol=1e-5
    )


@pytest.mark.parametrize("slope", [0.2, 0.01])
def test_equals_the_equations(slope):
    layer, states, adjacency, neighbors = _random(negative_slope=slope)
    kernel, attention = (np.float64(w) for w in layer.get_weights())
    expected = graph_attention(
        states,
        neighbors,
        kernel,
        attention.T.ravel(),  # target end, then source end
        lambda x: np.maximum(x, 0.0),
        slope,
    )
    result = layer(states, adjacency=adjacency)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    # User 6 and item 8 have no edges.
    assert not result.numpy()[[6, 15]].any()


def test_without_transform_and_activation():
    layer, states, adjacency, neighbors = _random(
        5, transform=False, activation=None
    )
    (attention,) = (np.float64(w) for w in layer.get_weights())
    expected = graph_attention(
        states, neighbors, np.eye(5), attention.T.ravel(), lambda x: x, 0.2
    )
    np.testing.assert_allclose(
        layer(states, adjacency=adjacency), expected, rtol=1e-4, atol=1e-5
    )


def test_degree_scaling_of_equal_logits_is_the_symmetric_product():
    interactions = tiny_dataset().interactions
    states = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
    adjacency = bipartite_adjacency(interactions)
    layer = GraphAttention(
        5,
        transform=False,
        activation=None,
        scaling="degree",
        attention_initializer="zeros",
    )
    dense = tf.sparse.to_dense(adjacency.tensor).numpy()
    np.testing.assert_allclose(
        layer(states, adjacency=adjacency), dense @ states, 1e-5, 1e-6
    )


def test_values_of_the_adjacency_play_no_part():
    layer, states, adjacency, _ = _random()
    normalized = bipartite_adjacency(tiny_dataset().interactions)
    np.testing.assert_array_equal(
        layer(states, adjacency=adjacency),
        layer(states, adjacency=normalized),
    )


def test_edge_order_does_not_matter():
    layer = GraphAttention(2)
    results = [
        layer(STATES, adjacency=_adjacency([EDGES[e] for e in order], 4))
        for order in ([0, 1, 2, 3], [3, 1, 0, 2])
    ]
    np.testing.assert_array_equal(results[0], results[1])


def test_node_order_does_not_matter():
    layer, states, adjacency, _ = _random()
    order = np.random.default_rng(1).permutation(16)
    dense = tf.sparse.to_dense(adjacency.tensor).numpy()
    shuffled = Adjacency(scipy.sparse.csr_matrix(dense[np.ix_(order, order)]))
    np.testing.assert_allclose(
        layer(states[order], adjacency=shuffled),
        layer(states, adjacency=adjacency).numpy()[order],
        rtol=1e-4,
        atol=1e-5,
    )


def test_large_logits_are_finite():
    layer, states, adjacency, _ = _random()
    states = tf.constant(1000 * states)
    with tf.GradientTape() as tape:
        tape.watch(states)
        result = layer(states, adjacency=adjacency)
    assert np.isfinite(result).all()
    assert np.isfinite(tape.gradient(result, states)).all()


@pytest.mark.parametrize("scaling", ["none", "degree"])
def test_gradients_are_the_dense_ones(scaling):
    layer, states, adjacency, _ = _random(scaling=scaling, activation=None)
    rng = np.random.default_rng(3)
    upstream = rng.normal(size=(16, 4)).astype("float32")
    # The dense computation: logits of all pairs, masked where no edge is.
    mask = tf.sparse.to_dense(adjacency.tensor).numpy() > 0
    degrees = mask.sum(axis=1).clip(1)
    factors = np.ones(mask.shape)
    if scaling == "degree":
        factors = np.sqrt(degrees[:, None] / degrees[None, :])
    factors = (factors * mask).astype("float32")
    states = tf.constant(states)
    sources = [states, layer.kernel.value, layer.attention.value]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(states)
        ours = tf.reduce_sum(layer(states, adjacency=adjacency) * upstream)
        transformed = states @ sources[1]
        ends = transformed @ sources[2]
        logits = tf.nn.leaky_relu(ends[:, :1] + ends[None, :, 1], alpha=0.2)
        weights = tf.nn.softmax(tf.where(mask, logits, -1e9), axis=1)
        dense = tf.reduce_sum(((weights * factors) @ transformed) * upstream)
    assert float(ours) == pytest.approx(float(dense), rel=1e-4)
    for gradient, expected in zip(
        tape.gradient(ours, sources), tape.gradient(dense, sources)
    ):
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "arguments, num_weights",
    [
        ({"units": 3, "activation": "elu"}, 2),
        ({"units": 3, "scaling": "degree", "activation": "tanh"}, 2),
        ({"units": 2, "transform": False, "negative_slope": 0.1}, 1),
    ],
)
def test_layer(arguments, num_weights):
    run_layer_test(
        GraphAttention,
        arguments,
        {"node_states": STATES, "adjacency": _adjacency(EDGES, 4)},
        (4, arguments["units"]),
        num_weights,
    )


def test_refuses_an_unknown_scaling():
    message = "`scaling` must be 'none' or 'degree'. Received: scaling='sqrt'"
    with pytest.raises(ValueError, match=message):
        GraphAttention(3, scaling="sqrt")


def test_refuses_another_width_without_transform():
    layer = GraphAttention(3, transform=False)
    message = "`units` must equal the width of `node_states`, 2. .* units=3"
    with pytest.raises(ValueError, match=message):
        layer(STATES, adjacency=_adjacency(EDGES, 4))


def test_a_left_out_edge_carries_nothing_and_the_others_keep_their_weight():
    layer = GraphAttention(2, transform=False, activation=None)
    adjacency = _adjacency(EDGES, 4)
    layer(STATES, adjacency=adjacency)
    layer.set_weights([np.zeros((2, 2))])  # equal logits
    without = adjacency.without(tf.constant([0]), tf.constant([2]))
    # Node 0 has half of node 1, [4, 2] / 2, and no longer half of node 2.
    np.testing.assert_allclose(
        layer(STATES, adjacency=without), [[2, 1], [0, 8], [0, 8], [0, 0]]
    )

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.ops.attention import channel_attention
from camgr_tf.ops.attention import head_attention
from camgr_tf.ops.attention import modality_attention
from camgr_tf.ops.attention import node_attention
from camgr_tf.ops.attention import paper_logit_scale
from camgr_tf.ops.attention import projected_channel_attention
from camgr_tf.testing.numpy_reference import softmax


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _gradients(attend, arguments, upstream):
    arguments = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        loss = tf.reduce_sum(attend(*arguments) * upstream)
    return tape.gradient(loss, arguments)


def test_logit_scale():
    assert paper_logit_scale(64) == 0.125


def test_channel_attention_by_hand():
    # Q^T K = [[log 3, 0], [0, 0]]: channel 0 takes 3/4 and 1/4, channel 1
    # halves. Node 0 has the values (4, 8): 3/4 * 4 + 1/4 * 8 = 5.
    queries = np.array([[np.log(3.0), 0.0], [0.0, 0.0]], "float32")
    keys = np.array([[1.0, 0.0], [0.0, 0.0]], "float32")
    values = np.array([[4.0, 8.0], [0.0, 2.0]], "float32")
    result = channel_attention(queries, keys, values, 1.0)
    np.testing.assert_allclose(result, [[5, 6], [0.5, 1]], rtol=1e-6)


def test_projected_channel_attention_equals_that_of_projected_nodes():
    layers = [keras.layers.Dense(3) for _ in range(2)]
    queries, keys = _random(2, 10, 4)
    values, upstream = _random(2, 6, 3, seed=1)
    for seed, layer in enumerate(layers):
        layer.build((None, 4))
        layer.kernel.assign(_random(4, 3, seed=2 + seed))
        layer.bias.assign(_random(3, seed=4 + seed))
    weights = [w.value for layer in layers for w in layer.weights]

    def results(attend):
        inputs = [tf.constant(x) for x in (queries, keys, values)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = attend(*inputs)
            loss = tf.reduce_sum(result * upstream)
        return result, *tape.gradient(loss, inputs + weights)

    received = results(
        lambda q, k, v: projected_channel_attention(q, k, *layers, v, 0.2)
    )
    expected = results(
        lambda q, k, v: channel_attention(layers[0](q), layers[1](k), v, 0.2)
    )
    # The same by NumPy in float64.
    q, k = (
        x.astype("float64") @ np.asarray(layer.kernel) + np.asarray(layer.bias)
        for x, layer in zip((queries, keys), layers)
    )
    np.testing.assert_allclose(
        received[0], values @ softmax(0.2 * q.T @ k).T, rtol=1e-4, atol=1e-5
    )
    for ours, theirs in zip(received, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_normalized_channel_logits_do_not_grow_with_the_nodes():
    queries, keys, values = _random(3, 10, 4)
    once = channel_attention(queries, keys, values, 8.0, normalize=True)
    thrice = channel_attention(
        np.tile(queries, (3, 1)), np.tile(keys, (3, 1)), values, 8.0, True
    )
    np.testing.assert_allclose(thrice, once, rtol=1e-4, atol=1e-5)


def test_node_attention_by_hand():
    # Logits (log 3, 0) for query 0 and (0, 0) for query 1.
    queries = np.array([[np.log(3.0)], [0.0]], "float32")
    keys = np.array([[1.0], [0.0]], "float32")
    values = np.array([[4.0], [8.0]], "float32")
    result = node_attention(queries, keys, values, 1.0)
    np.testing.assert_allclose(result, [[5.0], [6.0]], rtol=1e-6)


@pytest.mark.parametrize("block_size", [1, 3, 7, 10, 11, 512])
def test_node_attention_in_blocks_of_any_size(block_size):
    queries, keys, values = _random(10, 4), _random(13, 4), _random(13, 6)
    upstream = _random(10, 6, seed=1)
    scale = np.float32(0.7)

    def in_blocks(queries, keys, values, scale):
        return node_attention(queries, keys, values, scale, block_size)

    def at_once(queries, keys, values, scale):
        logits = scale * (queries @ tf.transpose(keys))
        return tf.nn.softmax(logits, axis=1) @ values

    arguments = (queries, keys, values, scale)
    expected = softmax(0.7 * queries @ keys.T) @ values
    np.testing.assert_allclose(
        in_blocks(*arguments), expected, rtol=1e-5, atol=1e-6
    )
    for ours, dense in zip(
        _gradients(in_blocks, arguments, upstream),
        _gradients(at_once, arguments, upstream),
    ):
        np.testing.assert_allclose(ours, dense, rtol=1e-4, atol=1e-5)


def test_node_attention_makes_no_matrix_of_all_nodes():
    num_nodes, block_size = 1000, 64

    @tf.function
    def step(queries, keys, values):
        with tf.GradientTape() as tape:
            tape.watch([queries, keys, values])
            result = node_attention(queries, keys, values, 0.5, block_size)
            loss = tf.reduce_sum(result * result)
        return tape.gradient(loss, [queries, keys, values])

    states = tf.constant(_random(num_nodes, 8))
    graph = step.get_concrete_function(states, states, states).graph
    definition = graph.as_graph_def(add_shapes=True)
    nodes = list(definition.node)
    for function in definition.library.function:
        nodes.extend(function.node_def)
    sizes = [
        math.prod(dim.size for dim in shape.dim)
        for node in nodes
        for shape in node.attr["_output_shapes"].list.shape
        if all(dim.size >= 0 for dim in shape.dim)
    ]
    # The largest is a block's weights, not all pairs.
    assert max(sizes) == block_size * num_nodes


def test_head_attention_by_hand():
    # One node, two heads of one channel: q = (log 3, 0), k = (1, 0).
    queries = np.array([[np.log(3.0), 0.0]], "float32")
    keys = np.array([[1.0, 0.0]], "float32")
    values = np.array([[4.0, 8.0]], "float32")
    result = head_attention(queries, keys, values, 1.0, num_heads=2)
    np.testing.assert_allclose(result, [[5.0, 6.0]], rtol=1e-6)


def test_one_head_returns_the_values():
    queries, keys, values = _random(3, 5, 4)
    result = head_attention(queries, keys, values, 0.5, num_heads=1)
    np.testing.assert_allclose(result, values, rtol=1e-6)


def test_modality_attention_by_hand():
    # A node with two modalities and the logits (log 3, 0).
    queries = np.array([[np.log(3.0)]], "float32")
    keys = np.array([[[1.0], [0.0]]], "float32")
    values = np.array([[[4.0], [8.0]]], "float32")
    result = modality_attention(queries, keys, values, 1.0)
    np.testing.assert_allclose(result, [[5.0]], rtol=1e-6)
    # Shares of 1/4 and 3/4 make up for them.
    shares = np.array([0.25, 0.75], "float32")
    result = modality_attention(queries, keys, values, 1.0, shares=shares)
    np.testing.assert_allclose(result, [[6.0]], rtol=1e-6)


@pytest.mark.parametrize(
    "attend",
    [
        lambda q, k, v: node_attention(q, k, v, 1.0),
        lambda q, k, v: channel_attention(q, k, v, 1.0),
        lambda q, k, v: head_attention(q, k, v, 1.0, num_heads=2),
        lambda q, k, v: modality_attention(
            q, np.stack([k, k], axis=1), np.stack([v, v], axis=1), 1.0
        ),
    ],
    ids=["nodes", "channel", "heads", "modalities"],
)
def test_weights_sum_to_one_even_for_large_logits(attend):
    queries, keys = 300 * _random(2, 6, 4)
    ones = np.ones((6, 4), "float32")
    np.testing.assert_allclose(attend(queries, keys, ones), ones, rtol=1e-5)

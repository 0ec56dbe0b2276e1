import functools

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.layers.cross_attention_fusion import CrossAttentionFusion
from camgr_tf.numpy_reference import fuse
from camgr_tf.numpy_reference import named_weights
from camgr_tf.testing import run_layer_test

NUM_NODES, UNITS = 11, 8
ROWS = np.array([4, 0, 7, 4, 10], "int32")

READINGS = {
    "channel": {},
    "normalized": {"attention": "channel", "normalize_logits": True},
    "batch": {"attention": "batch"},
    "nodes": {"attention": "nodes"},
    "heads": {"attention": "heads", "num_heads": 4},
    "modalities": {"attention": "modalities"},
    "preference": {"attention": "preference"},
    "zero": {"attention": "zero"},
}
SHARES = np.array([0.7, 0.3], "float32")
# Reading, and whether both branches share their projections.
CASES = [(reading, True) for reading in READINGS] + [
    (reading, False) for reading in ("channel", "batch", "preference", "zero")
]
# Weights of an attention sum to one. Where it runs over nodes or modalities, a
# key's bias adds the same to all logits of a query, and a value's bias of its
# own for the distinct part cancels in `V - CA`: both have the gradient zero.
# Without attention, keys have none, and the common part is its bias.
WITHOUT_GRADIENT = {
    "batch": {"key/bias", "distinct_value/bias"},
    "nodes": {"key/bias", "distinct_value/bias"},
    "modalities": {"key/bias", "distinct_value/bias"},
    "preference": {"distinct_value/bias"},
    "zero": {"key/kernel", "key/bias", "common_output/kernel"},
}


def _inputs(num_keys=1, seed=0):
    rng = np.random.default_rng(seed)

    def states():
        return rng.normal(size=(NUM_NODES, UNITS)).astype("float32")

    return {
        "query": states(),
        "keys": [states() for _ in range(num_keys)],
        "node_states": states(),
    }


@functools.cache
def _layer(reading="channel", **arguments):
    """A layer with random weights of size one half."""
    layer = CrossAttentionFusion(UNITS, **READINGS[reading], **arguments)
    layer(**_inputs())
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(0.2, 0.5, size=weight.shape))
    return layer


def _parts(layer, **inputs):
    layer(**inputs)
    return layer.parts(**inputs)


def _expected(layer, inputs, reading, rows=None, weights=None):
    common, distinct = fuse(
        named_weights(layer) if weights is None else weights,
        **inputs,
        attention=reading,
        rows=rows,
        num_heads=layer.num_heads,
        share_projections=layer.share_projections,
        residual_mlp=layer.residual_mlp,
    )
    return common, distinct


@pytest.mark.parametrize("num_keys", [1, 2])
@pytest.mark.parametrize("reading, share", CASES)
def test_equals_the_equations(reading, share, num_keys):
    inputs = _inputs(num_keys)
    layer = _layer(reading, share_projections=share)
    for rows in (None, ROWS):
        common, distinct = _expected(layer, inputs, reading, rows)
        parts = layer.parts(**inputs, rows=rows)
        np.testing.assert_allclose(parts[0], common, rtol=2e-4, atol=2e-5)
        np.testing.assert_allclose(parts[1], distinct, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(
        layer(**inputs, rows=ROWS), common + distinct, 2e-4, 2e-5
    )


@pytest.mark.parametrize("projections", ["dense", "identity"])
@pytest.mark.parametrize("reading", sorted(READINGS))
def test_equals_the_equations_with_shares(reading, projections):
    inputs = _inputs(2) | {"shares": SHARES}
    layer = _layer(reading, projections=projections)
    common, distinct = _expected(layer, inputs, reading, ROWS)
    parts = layer.parts(**inputs, rows=ROWS)
    np.testing.assert_allclose(parts[0], common, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(parts[1], distinct, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("reading", ["channel", "nodes"])
def test_equals_the_equations_without_the_mlp(reading):
    inputs = _inputs()
    layer = _layer(reading, residual_mlp=False)
    np.testing.assert_allclose(
        layer(**inputs), sum(_expected(layer, inputs, reading)), 2e-4, 2e-5
    )


@pytest.mark.parametrize("reading", sorted(set(READINGS) - {"batch"}))
def test_rows_are_a_choice_among_all(reading):
    inputs = _inputs(2)
    layer = _layer(reading, share_projections=True)
    np.testing.assert_allclose(
        layer(**inputs, rows=ROWS),
        layer(**inputs).numpy()[ROWS],
        rtol=1e-4,
        atol=1e-5,
    )


def test_batch_attention_sees_the_rows_alone():
    inputs = _inputs(2)
    layer = _layer("batch", share_projections=True)
    gathered = {
        "query": inputs["query"][ROWS],
        "keys": [key[ROWS] for key in inputs["keys"]],
        "node_states": inputs["node_states"][ROWS],
    }
    result = layer(**inputs, rows=ROWS).numpy()
    np.testing.assert_allclose(result, layer(**gathered), 1e-4, 1e-5)
    assert np.abs(result - layer(**inputs).numpy()[ROWS]).max() > 0.01


def _slopes(function, values, rng, step=1e-4):
    """Slope of `function` along a random direction, with the direction."""
    direction = rng.normal(size=values.shape)
    ahead, behind = values + step * direction, values - step * direction
    return direction, (function(ahead) - function(behind)) / (2 * step)


@pytest.mark.parametrize("reading, share", CASES)
def test_gradients_equal_the_slopes_of_the_equations(reading, share):
    inputs = _inputs(2)
    layer = _layer(reading, share_projections=share)
    upstream = np.random.default_rng(5).normal(size=(len(ROWS), UNITS))
    tensors = {
        "query": tf.constant(inputs["query"]),
        "keys": [tf.constant(key) for key in inputs["keys"]],
        "node_states": tf.constant(inputs["node_states"]),
    }
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = layer(**tensors, rows=ROWS)
        loss = tf.reduce_sum(result * upstream.astype("float32"))
    sources = {w.path: w.value for w in layer.trainable_weights}
    for_weights, for_inputs = tape.gradient(
        loss, [list(sources.values()), tensors]
    )
    for_inputs = tf.nest.map_structure(tf.convert_to_tensor, for_inputs)

    def value(weights=None, **changed):
        parts = _expected(layer, inputs | changed, reading, ROWS, weights)
        return np.sum(sum(parts) * upstream)

    rng = np.random.default_rng(6)
    weights = named_weights(layer)
    without = WITHOUT_GRADIENT.get(reading, set())
    if reading == "zero" and not share:
        # The common part alone would have used them.
        without = without | {"common_value/kernel", "common_value/bias"}
    assert len(weights) == len(sources)
    for name, gradient in zip(weights, for_weights):
        if any(name.endswith(end) for end in without):
            assert gradient is None or np.abs(gradient).max() < 1e-4, name
            continue
        direction, slope = _slopes(
            lambda x: value(weights | {name: x}), weights[name], rng
        )
        assert np.abs(gradient).max() > 1e-4, name
        assert np.sum(gradient * direction) == pytest.approx(
            slope, rel=2e-3, abs=2e-3
        ), name
    for name in ("query", "node_states"):
        direction, slope = _slopes(
            lambda x: value(**{name: x}), inputs[name].astype("float64"), rng
        )
        assert np.sum(for_inputs[name] * direction) == pytest.approx(
            slope, rel=2e-3, abs=2e-3
        ), name
    direction, slope = _slopes(
        lambda x: value(keys=list(x)), np.array(inputs["keys"], "float64"), rng
    )
    gradient = np.array(for_inputs["keys"])
    assert np.sum(gradient * direction) == pytest.approx(slope, 2e-3, 2e-3)
    for key in gradient:
        assert np.abs(key).max() > 1e-4


@pytest.mark.parametrize(
    "reading", sorted(set(READINGS) - {"modalities", "preference"})
)
def test_equal_keys_count_once(reading):
    # The parts are averaged over the answering modalities.
    inputs = _inputs(1)
    layer = _layer(reading, share_projections=True)
    twice = inputs | {"keys": inputs["keys"] * 2}
    np.testing.assert_allclose(layer(**twice), layer(**inputs), 1e-4, 1e-5)


def test_starts_as_the_identity():
    inputs = _inputs()
    layer = CrossAttentionFusion(UNITS, attention="zero")
    inputs["node_states"] = np.zeros((NUM_NODES, UNITS), "float32")
    layer(**inputs)
    common, distinct = layer.parts(**inputs)
    # CR = Q and DR = V + Q; sigmoid(0) = 1/2 and eq. 26 halves again.
    np.testing.assert_allclose(common, inputs["query"] / 4, rtol=1e-5)
    np.testing.assert_allclose(
        distinct, (inputs["query"] + inputs["keys"][0]) / 4, rtol=1e-5
    )


def test_gates_that_start_apart_keep_the_attention():
    inputs = _inputs()
    inputs["node_states"] = np.zeros((NUM_NODES, UNITS), "float32")
    layer = CrossAttentionFusion(
        UNITS, attention="preference", residual_mlp=False, gate_start=2.0
    )
    query, key = inputs["query"], inputs["keys"][0]
    # An ID state of zero has no preference: CA is the mean of both.
    attended = (query + key) / 2
    opened = 1 / (1 + np.exp(-2.0))
    expected = 0.5 * opened * (attended + query)
    expected += 0.5 * (1 - opened) * (key - attended + query)
    np.testing.assert_allclose(layer(**inputs), expected, rtol=1e-4, atol=1e-6)


def test_a_node_attends_to_what_resembles_its_id_state():
    inputs = _inputs()
    inputs["node_states"] = 1e-3 * inputs["keys"][0]
    layer = CrossAttentionFusion(UNITS, attention="preference", seed=1)
    layer(**inputs)
    layer.log_scale.assign(np.log(100.0))
    values = inputs["keys"][0]
    attended = layer._project(
        "common",
        inputs["query"],
        inputs["keys"],
        [1.0],
        None,
        inputs["node_states"],
        lambda states: states,
        None,
    )[2]
    np.testing.assert_allclose(attended, values, rtol=1e-3, atol=1e-4)


def test_starts_as_the_mean_by_shares():
    # All modalities answer and their mean by shares asks. An ID state of zero
    # prefers none of them, so that Q, V and CA are all that mean.
    inputs = _inputs(2) | {"shares": SHARES}
    inputs["node_states"] = np.zeros((NUM_NODES, UNITS), "float32")
    mean = 0.7 * inputs["keys"][0] + 0.3 * inputs["keys"][1]
    inputs["query"] = mean
    layer = CrossAttentionFusion(
        UNITS, "preference", projections="identity", gate_start=2.0
    )
    layer(**inputs)
    common, distinct = layer.parts(**inputs)
    opened = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(common, opened * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        distinct, 0.5 * (1 - opened) * mean, rtol=1e-4, atol=1e-6
    )


def test_dropout_in_training_only():
    inputs = _inputs()
    layer = _layer(dropout=0.5)
    calm = layer(**inputs)
    np.testing.assert_array_equal(layer(**inputs, training=False), calm)
    assert np.abs(layer(**inputs, training=True) - calm).max() > 0.01


# Projections 6, outputs 4, gates 4, norms 4, MLPs 8.
@pytest.mark.parametrize(
    "arguments, num_weights",
    [
        ({"share_projections": False, "dropout": 0.3, "seed": 4}, 32),
        ({"residual_mlp": False, "attention": "modalities"}, 14),
        ({"normalize_logits": True, "gate_start": 1.5}, 27),
        ({"attention": "preference", "projections": "identity"}, 17),
    ],
)
def test_layer(arguments, num_weights):
    run_layer_test(
        CrossAttentionFusion,
        {"units": UNITS, "identity_start": False, **arguments},
        _inputs(2),
        (NUM_NODES, UNITS),
        num_weights,
    )


def test_gates_start_the_same_for_every_node():
    inputs = _inputs(1)  # with ID states that differ from node to node
    layer = CrossAttentionFusion(
        UNITS, "zero", projections="identity", gate_start=2.0
    )
    common, distinct = _parts(layer, **inputs)
    query, value = inputs["query"], inputs["keys"][0]
    opened = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(
        common, 0.5 * opened * query, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        distinct, 0.5 * (1 - opened) * (value + query), rtol=1e-4, atol=1e-6
    )


def test_preference_starts_with_plain_cosines():
    # Node 0 is like the first modality (cosine 1), not like the second (0).
    axes = np.eye(UNITS, dtype="float32")
    layer = CrossAttentionFusion(UNITS, "preference", projections="identity")
    common, _ = _parts(
        layer,
        query=np.zeros((1, UNITS), "float32"),
        keys=[2 * axes[:1], 3 * axes[1:2]],
        node_states=5 * axes[:1],
        shares=np.array([0.7, 0.3], "float32"),
    )
    first = 0.7 * np.e / (0.7 * np.e + 0.3)
    attended = first * 2 * axes[0] + (1 - first) * 3 * axes[1]
    np.testing.assert_allclose(common[0], 0.25 * attended, rtol=1e-4)


def test_seed_decides_the_start():
    inputs = _inputs()
    results = []
    for seed in (0, 0, 1):
        layer = CrossAttentionFusion(
            UNITS, identity_start=False, residual_mlp=False, seed=seed
        )
        results.append(layer(**inputs).numpy())
    np.testing.assert_array_equal(results[0], results[1])
    assert np.abs(results[0] - results[2]).max() > 0.01


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"attention": "all"}, "`attention` must be one of .*='all'"),
        (
            {"attention": "batch", "normalize_logits": True},
            "`normalize_logits` needs an `attention` of .*'channel', .*"
            "Received: attention='batch'",
        ),
        (
            {"projections": "none"},
            "`projections` must be one of .*projections='none'",
        ),
        (
            {"projections": "identity", "share_projections": False},
            "needs `projections='dense'`. Received: projections='identity'",
        ),
        (
            {"num_heads": 3},
            "`num_heads` must divide `units`, 8. Received: num_heads=3",
        ),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        CrossAttentionFusion(UNITS, **arguments)

"""All fusion layers, the package's two among them, against the equations."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.layers import CrossAttentionFusion
from camgr_tf.layers import PreferenceFusion
from camgr_tf.research import attentions
from camgr_tf.research import readings
from camgr_tf.testing import run_layer_test
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.numpy_reference import fuse
from camgr_tf.testing.numpy_reference import named_weights
from camgr_tf.testing.numpy_reference import softmax

NUM_NODES, UNITS = 11, 8
# Of each layer: how the oracle calls its attention, and whether its logits are
# cosines with a learned factor.
LAYERS = {
    PreferenceFusion: ("preference", True),
    attentions.EvenGates: ("preference", True),
    attentions.WithoutMLP: ("preference", True),
    attentions.DrawnStart: ("preference", True),
    attentions.MatrixFusion: ("preference", True),
    attentions.TwoSets: ("preference", True),
    attentions.ModalityQuery: ("preference", True),
    attentions.MatrixModalityQuery: ("preference", True),
    attentions.MeanQuery: ("modalities", False),
    attentions.CosineMeanQuery: ("modalities", True),
    attentions.ZeroAttention: ("zero", False),
    attentions.ZeroAttentionEvenGates: ("zero", False),
    attentions.HeadAttention: ("heads", False),
    attentions.NodeAttention: ("nodes", False),
    attentions.ChannelAttention: ("channel", False),
    attentions.ChannelAttentionEvenGates: ("channel", False),
    attentions.CosineChannelAttention: ("normalized", True),
    CrossAttentionFusion: ("channel", False),
}
OVER_NODES = [c for c in LAYERS if LAYERS[c][0] in ("nodes", "channel")]
OVER_NODES += [attentions.CosineChannelAttention]
# One modality is the query, and shares are not read.
ONE_QUERY = (
    attentions.ModalityQuery,
    attentions.MatrixModalityQuery,
    CrossAttentionFusion,
)
every_layer = pytest.mark.parametrize(
    "layer_class", LAYERS, ids=lambda c: c.__name__
)


def inputs(num_modalities=2, num_rows=NUM_NODES, seed=0):
    rng = np.random.default_rng(seed)

    def states():
        return rng.normal(size=(num_rows, UNITS)).astype("float32")

    return states(), [states() for _ in range(num_modalities)]


def arguments(layer_class):
    named = {"query_index": 0} if "Query" in layer_class.__name__ else {}
    return named if layer_class in ONE_QUERY else {}


@functools.cache
def random_layer(layer_class, num_modalities=2):
    layer = layer_class(UNITS, **arguments(layer_class))
    layer(*inputs(num_modalities))
    rng = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(0.2, 0.5, size=weight.shape))
    return layer


def expected_parts(layer, nodes, modal, weights=None, rows=None):
    """What the oracle makes of a layer's weights."""
    reading, cosines = LAYERS[type(layer)]
    weights = named_weights(layer) if weights is None else weights
    if isinstance(layer, ONE_QUERY):
        query, keys, shares = modal[0], modal[1:] or modal[:1], None
    else:
        shares = softmax(weights["modality_mean/logits"])
        query = sum(w * h for w, h in zip(shares, modal))
        keys = modal
    factor = None
    if cosines:
        (name,) = [n for n in weights if n.endswith("log_factor")]
        factor = np.exp(weights[name])
    common, distinct = fuse(
        weights, query, keys, nodes, reading, shares, rows, scale=factor
    )
    return {"common": common, "distinct": distinct}


@every_layer
@pytest.mark.parametrize("num_modalities", [1, 2, 3])
def test_parts_equal_the_equations(layer_class, num_modalities):
    nodes, modal = inputs(num_modalities)
    layer = random_layer(layer_class, num_modalities)
    parts = layer.parts(nodes, modal)
    expected = expected_parts(layer, nodes, modal)
    assert list(parts) == ["common", "distinct"]
    for name, part in parts.items():
        np.testing.assert_allclose(part, expected[name], 5e-4, 5e-5)
    total = expected["common"] + expected["distinct"]
    np.testing.assert_allclose(layer(nodes, modal), total, 5e-4, 5e-5)


@pytest.mark.parametrize("layer_class", OVER_NODES, ids=lambda c: c.__name__)
def test_other_nodes_are_attended_to_as_context(layer_class):
    nodes, modal = inputs()
    layer, rows = random_layer(layer_class), np.array([4, 0, 7, 4, 10])
    expected = expected_parts(layer, nodes, modal, rows=rows)
    parts = layer.parts(nodes[rows], [m[rows] for m in modal], modal)
    for name, part in parts.items():
        np.testing.assert_allclose(part, expected[name], 5e-4, 5e-5)
    alone = layer(nodes[rows], [m[rows] for m in modal])
    with_context = layer(nodes[rows], [m[rows] for m in modal], modal)
    assert np.abs(alone - with_context).max() > 1e-3


def slope(function, values, rng, step=1e-4):
    """Slope of `function` along a random direction, with the direction."""
    direction = rng.normal(size=values.shape)
    ahead, behind = values + step * direction, values - step * direction
    return direction, (function(ahead) - function(behind)) / (2 * step)


@every_layer
def test_gradients_equal_the_slopes_of_the_equations(layer_class):
    nodes, modal = inputs(3)
    layer = random_layer(layer_class, 3)
    upstream = np.random.default_rng(5).normal(size=(NUM_NODES, UNITS))
    tensors = [tf.constant(nodes), [tf.constant(m) for m in modal]]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        loss = tf.reduce_sum(layer(*tensors) * upstream.astype("float32"))
    sources = [w.value for w in layer.trainable_weights]
    for_weights, for_inputs = tape.gradient(loss, [sources, tensors])
    rng = np.random.default_rng(6)
    weights = named_weights(layer)
    assert len(weights) == len(sources)

    def value(nodes=nodes, modal=modal, weights=weights):
        parts = expected_parts(layer, nodes, list(modal), weights)
        return np.sum(sum(parts.values()) * upstream)

    checked = [
        (gradient, lambda x, n=name: value(weights={**weights, n: x}), w)
        for (name, w), gradient in zip(weights.items(), for_weights)
    ]
    checked += [
        (for_inputs[0], lambda x: value(nodes=x), np.float64(nodes)),
        (np.array(for_inputs[1]), lambda x: value(modal=x), np.float64(modal)),
    ]
    for gradient, function, values in checked:
        direction, expected = slope(function, values, rng)
        got = 0.0 if gradient is None else np.sum(gradient * direction)
        assert got == pytest.approx(expected, rel=3e-3, abs=3e-3)


@every_layer
def test_dropout_is_active_in_training_and_scales_what_it_keeps(layer_class):
    nodes, modal = inputs()
    layer = layer_class(UNITS, dropout=0.5, **arguments(layer_class))
    calm = layer(nodes, modal)
    np.testing.assert_array_equal(layer(nodes, modal, training=False), calm)
    drawn = layer(nodes, modal, training=True)
    if "Zero" in layer_class.__name__:
        return  # half of it is dropped from zeros
    assert np.abs(drawn - calm).max() > 0.01
    # Without MLPs the result is linear in what dropout scales by 0 or 2.
    if layer_class is attentions.WithoutMLP:
        mean = np.mean(
            [layer(nodes, modal, training=True) for _ in range(100)], axis=0
        )
        assert np.abs(mean - calm).max() < 0.5 * np.abs(drawn - calm).max()


@every_layer
def test_layer(layer_class):
    nodes, modal = inputs()
    matrices = "Matrix" in layer_class.__name__
    # Gates 4, norms 4, MLPs 8, shares 1, factor 1, matrices 10 or 16.
    num_weights = 4 + 12 * (layer_class is not attentions.WithoutMLP)
    num_weights += (layer_class not in ONE_QUERY) + LAYERS[layer_class][1]
    num_weights += 10 * (matrices or layer_class is CrossAttentionFusion)
    num_weights += 16 * (layer_class is attentions.TwoSets)
    run_layer_test(
        layer_class,
        {"units": UNITS, "dropout": 0.0, "seed": 4, **arguments(layer_class)},
        {"node_states": nodes, "modal_states": modal},
        (NUM_NODES, UNITS),
        num_weights,
    )


@every_layer
def test_seed_decides_the_start(layer_class):
    nodes, modal = inputs()
    drawn = []
    for seed in (0, 0, 1):
        layer = layer_class(UNITS, seed=seed, **arguments(layer_class))
        layer(nodes, modal)
        drawn.append([np.array(w) for w in layer.trainable_weights])
    for first, same in zip(drawn[0], drawn[1]):
        np.testing.assert_array_equal(first, same)
    differences = [np.abs(a - b).max() for a, b in zip(drawn[0], drawn[2])]
    if layer_class is not attentions.WithoutMLP:
        assert max(differences) > 0.01


def test_even_gates_start_open_by_half():
    nodes, modal = inputs()
    layer = attentions.EvenGates(UNITS)
    layer(nodes, modal)
    for gate in layer.gates.values():
        np.testing.assert_array_equal(gate(nodes), np.full(nodes.shape, 0.5))


def test_a_drawn_start_has_no_matrix_of_zeros():
    nodes, modal = inputs()
    layer = attentions.DrawnStart(UNITS)
    layer(nodes, modal)
    limit = np.sqrt(6 / (UNITS + UNITS))
    for gate in layer.gates.values():
        kernel = np.abs(gate.kernel)
        assert limit / 2 < kernel.max() <= limit
    for name, weight in named_weights(layer).items():
        assert weight.ndim < 2 or np.abs(weight).max() > 0, name


@pytest.mark.parametrize("name", ["EvenGates", "WithoutMLP", "DrawnStart"])
def test_a_reading_has_the_fusion_of_its_name(name):
    model = getattr(readings, name)(tiny_dataset(), num_neighbors=4)
    assert type(model.fusion) is getattr(attentions, name)

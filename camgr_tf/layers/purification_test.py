import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.layers.purification import ModalityPurification
from camgr_tf.testing import run_layer_test
from camgr_tf.testing.numpy_reference import named_weights
from camgr_tf.testing.numpy_reference import purify


def _inputs():
    rng = np.random.default_rng(0)
    return {
        "features": rng.normal(size=(6, 5)).astype("float32"),
        "behavior": rng.normal(size=(6, 3)).astype("float32"),
    }


def test_by_hand():
    layer = ModalityPurification(1)
    features = np.array([[1.0, 2.0], [0.0, 0.0]], "float32")
    behavior = np.array([[6.0], [-4.0]], "float32")
    layer(features, behavior=behavior)
    # H' = h_1 + h_2 - 3 is (0, -3); the gate's logit is H' log(3) / 3.
    layer.align.set_weights([np.ones((2, 1)), np.array([-3.0])])
    layer.gate.set_weights([np.full((1, 1), np.log(3) / 3), np.zeros(1)])
    # sigmoid(0) = 1/2 and sigmoid(-log 3) = 1/4.
    result = layer(features, behavior=behavior)
    np.testing.assert_allclose(result, [[3.0], [-1.0]], rtol=1e-5)


def test_equals_the_equations():
    inputs = _inputs()
    layer = ModalityPurification(3, seed=4)
    result = layer(**inputs)
    expected = purify(named_weights(layer), **inputs)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_content_enters_through_the_gate_alone():
    inputs = _inputs()
    layer = ModalityPurification(3)
    inputs["behavior"][2] = 0.0
    result = layer(**inputs).numpy()
    assert result[2].tolist() == [0, 0, 0]
    assert (np.abs(result) <= np.abs(inputs["behavior"])).all()


def test_ungated_it_is_the_aligned_features():
    inputs = _inputs()
    layer = ModalityPurification(3, gated=False)
    result = layer(inputs["features"])
    weights = named_weights(layer)
    expected = inputs["features"] @ weights["align/kernel"]
    np.testing.assert_allclose(
        result, expected + weights["align/bias"], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(layer(**inputs), result)


def test_gradients_reach_everything():
    inputs = {name: tf.constant(value) for name, value in _inputs().items()}
    layer = ModalityPurification(3)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(layer(**inputs) ** 2)
    sources = [inputs, [w.value for w in layer.trainable_weights]]
    for gradient in tf.nest.flatten(tape.gradient(loss, sources)):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 1e-4


@pytest.mark.parametrize("gated, num_weights", [(True, 4), (False, 2)])
def test_layer(gated, num_weights):
    run_layer_test(
        ModalityPurification,
        {"units": 3, "gated": gated, "seed": 2},
        _inputs(),
        (6, 3),
        num_weights,
    )


def test_refuses_no_units():
    message = "`units` must be positive. Received: units=0"
    with pytest.raises(ValueError, match=message):
        ModalityPurification(0)

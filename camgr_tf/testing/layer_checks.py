"""What every layer owes, and slopes that its gradients must have."""

import inspect
import json

import numpy as np
import tensorflow as tf


def directional_slopes(variables, loss, seed=0):
    """Slopes of a loss along a random direction of each variable.

    By central differences; each variable is left as it was.

    Args:
        variables: List of `keras.Variable`.
        loss: Function without arguments that returns a float.
        seed: Integer. Of the directions. Defaults to `0`.

    Returns:
        List of tuples `(direction, slope)`, of an array of length 1e-3 and
        the loss's change along it.
    """
    rng = np.random.default_rng(seed)
    slopes = []
    for variable in variables:
        start = np.asarray(variable)
        direction = rng.normal(size=start.shape)
        direction *= 1e-3 / np.linalg.norm(direction)
        variable.assign(start + direction)
        above = loss()
        variable.assign(start - direction)
        below = loss()
        variable.assign(start)
        slopes.append((direction, (above - below) / 2))
    return slopes


def run_layer_test(layer_class, init_kwargs, inputs, output_shape, num_weights):
    """Checks what every Keras layer owes: shape, configuration, training.

    The configuration must hold every argument of the constructor and, taken
    through JSON, make a layer that computes the same from the same weights.
    One small step of gradient descent must lower a squared loss.

    Args:
        layer_class: Class of the layer.
        init_kwargs: Dictionary. Arguments of its constructor.
        inputs: Dictionary. Arguments of its call.
        output_shape: Tuple. The shape to expect.
        num_weights: Integer. The number of trainable weights to expect.

    Returns:
        The layer, built and trained by one step.
    """
    layer = layer_class(**init_kwargs)
    outputs = layer(**inputs)
    assert tuple(outputs.shape) == output_shape, outputs.shape
    names = [weight.path for weight in layer.trainable_weights]
    assert len(names) == num_weights, names
    _check_config(layer, init_kwargs, inputs, outputs)
    if num_weights:
        _check_training_step(layer, inputs)
    return layer


def _check_config(layer, init_kwargs, inputs, outputs):
    config = layer.get_config()
    parameters = inspect.signature(type(layer).__init__).parameters
    missing = set(parameters) - {"self", "kwargs"} - set(config)
    assert not missing, f"not in the configuration: {missing}"
    for name, value in init_kwargs.items():
        if isinstance(value, (bool, int, float, str)):
            assert config[name] == value, (name, config[name])
    copy = type(layer).from_config(json.loads(json.dumps(config)))
    assert copy.get_config() == config
    copy(**inputs)
    copy.set_weights(layer.get_weights())
    np.testing.assert_allclose(copy(**inputs), outputs, rtol=1e-5, atol=1e-6)


def _check_training_step(layer, inputs):
    def loss():
        outputs = layer(**inputs)
        targets = np.sin(np.arange(np.prod(outputs.shape)))
        targets = targets.reshape(outputs.shape).astype("float32")
        return tf.reduce_mean(tf.square(outputs - targets))

    weights = layer.trainable_weights
    with tf.GradientTape() as tape:
        before = loss()
    gradients = tape.gradient(before, [weight.value for weight in weights])
    for weight, gradient in zip(weights, gradients):
        assert gradient is not None, f"no gradient: {weight.path}"
        assert np.isfinite(gradient).all(), f"not finite: {weight.path}"
        weight.assign_sub(1e-3 * gradient)
    assert loss() < before

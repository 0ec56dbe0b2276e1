"""What unit tests share: a tiny data set, and what every layer owes."""

import inspect
import json
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from camgr_tf.data.dataset import Dataset
from camgr_tf.data.interactions import Interactions

# User 6 has no training item, item 8 no user: both must be survived.
TINY_TRAIN = [
    (0, 0), (0, 1), (0, 2),
    (1, 1), (1, 3),
    (2, 2), (2, 3), (2, 4), (2, 5),
    (3, 0), (3, 5), (3, 6),
    (4, 6), (4, 7),
    (5, 1), (5, 4), (5, 7),
]  # fmt: skip
TINY_VALIDATION = [(0, 3), (1, 2), (2, 0), (3, 7), (4, 5), (5, 8)]
TINY_TEST = [(0, 4), (1, 0), (2, 6), (2, 7), (3, 1), (4, 2), (5, 3)]


def tiny_dataset(widths=(("image", 5), ("text", 4)), seed=0):
    """Seven users, nine items and random features.

    Args:
        widths: Tuple of `(modality, width)` pairs. Defaults to
            `(("image", 5), ("text", 4))`.
        seed: Integer. Of the features. Defaults to `0`.

    Returns:
        `camgr_tf.data.Dataset` that lies in no folder.
    """
    rng = np.random.default_rng(seed)
    interactions = Interactions(
        num_users=7,
        num_items=9,
        train=np.array(TINY_TRAIN, "int32"),
        validation=np.array(TINY_VALIDATION, "int32"),
        test=np.array(TINY_TEST, "int32"),
        split="file",
        split_seed=None,
    )
    return Dataset(
        name="tiny",
        folder=Path("tiny"),
        interactions=interactions,
        features={
            modality: rng.normal(size=(9, width)).astype("float32")
            for modality, width in widths
        },
        has_modality={modality: np.ones(9, bool) for modality, _ in widths},
        items=pd.DataFrame({"original_id": [f"item{i}" for i in range(9)]}),
        users=pd.DataFrame({"original_id": [f"user{u}" for u in range(7)]}),
        provenance={},
        content_hash="tiny",
    )


def tiny_batch():
    """Four training rows with negatives, as keyword arguments of a loss."""
    return {
        "user_ids": np.array([0, 2, 2, 5], "int32"),
        "positive_item_ids": np.array([1, 4, 3, 7], "int32"),
        "negative_item_ids": np.array([5, 0, 8, 2], "int32"),
    }


# Section 1.6 of the specification. Rows 1 and 3 have the cosine 2 / sqrt(5),
# rows 2 and 3 the cosine 1 / sqrt(5).
COSINE_ROWS = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], "float32")


def tied_features(num_items=60, width=7, seed=0):
    """Random rows, of which some are equal, parallel or zero.

    Args:
        num_items: Integer. Defaults to `60`.
        width: Integer. Defaults to `7`.
        seed: Integer. Defaults to `0`.

    Returns:
        float32 array of shape `(num_items, width)`.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_items, width)).astype("float32")
    features[20:30] = features[3]
    features[30:33] = 4.0 * features[3]
    features[7:60:33] = 0.0
    return features


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

"""Initial values that Keras does not offer under PyTorch's definitions."""

import math

import keras


def xavier_normal(shape, seed):
    """Normal with standard deviation `sqrt(2 / (rows + columns))`.

    Not truncated, unlike `keras.initializers.GlorotNormal`.

    Args:
        shape: Tuple `(rows, columns)`.
        seed: Integer.

    Returns:
        A Keras initializer.
    """
    stddev = math.sqrt(2.0 / (shape[0] + shape[1]))
    return keras.initializers.RandomNormal(0.0, stddev, seed=seed)


def torch_uniform(fan_in, seed):
    """Uniform in `+-1 / sqrt(fan_in)`, PyTorch's default for a linear layer.

    Args:
        fan_in: Integer. Width of the layer's input; used for the kernel and
            for the bias.
        seed: Integer.

    Returns:
        A Keras initializer.
    """
    limit = 1.0 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-limit, limit, seed=seed)

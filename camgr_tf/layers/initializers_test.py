import numpy as np
import pytest

from camgr_tf.layers.initializers import torch_uniform
from camgr_tf.layers.initializers import xavier_normal
from camgr_tf.models.recommender import Recommender
from camgr_tf.testing import tiny_dataset


def test_xavier_normal_is_not_truncated():
    shape = (400, 100)
    values = np.asarray(xavier_normal(shape, seed=0)(shape))
    deviation = np.sqrt(2 / 500)
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert values.mean() == pytest.approx(0, abs=0.02 * deviation)
    # A normal has 4.55 % beyond two deviations. Keras' Glorot normal cuts
    # at two of a wider one, at 2.27 of the final deviation.
    beyond = np.mean(np.abs(values) > 2 * deviation)
    assert beyond == pytest.approx(0.0455, abs=0.004)
    assert np.abs(values).max() > 3.5 * deviation


@pytest.mark.parametrize("fan_in", [4, 100])
def test_torch_uniform_fills_its_bounds(fan_in):
    limit = 1 / np.sqrt(fan_in)
    for shape in ((fan_in, 500), (2000,)):
        values = np.asarray(torch_uniform(fan_in, seed=0)(shape))
        assert np.abs(values).max() <= limit
        assert values.min() < -0.99 * limit
        assert values.max() > 0.99 * limit
        # A uniform's deviation is limit / sqrt(3).
        assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


@pytest.mark.parametrize("initializer", [xavier_normal, torch_uniform])
def test_the_seed_fixes_the_values(initializer):
    first = (30, 20) if initializer is xavier_normal else 30
    values, same, other = (
        np.asarray(initializer(first, seed=s)((30, 20))) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(values, same)
    assert np.any(values != other)


def test_linear_starts_as_in_pytorch():
    model = Recommender(tiny_dataset())
    kernel, bias = model.linear("torch", 64, 50).get_weights()
    for values in (kernel, bias):
        assert np.abs(values).max() <= 1 / 8
        assert np.abs(values).max() > 0.9 / 8
    # A kernel drawn otherwise leaves the bias as PyTorch has it.
    kernel, bias = model.linear("normal", 64, 50, "xavier_normal").get_weights()
    assert kernel.std() == pytest.approx(np.sqrt(2 / 114), rel=0.05)
    assert 0.9 / 8 < np.abs(bias).max() <= 1 / 8
    kernel, _ = model.linear("uniform", 64, 50, "xavier_uniform").get_weights()
    limit = np.sqrt(6 / 114)
    assert 0.99 * limit < np.abs(kernel).max() <= limit


def test_unknown_initializer_is_refused():
    with pytest.raises(ValueError, match="Received: initializer='orthogonal'"):
        Recommender(tiny_dataset()).linear("layer", 3, 2, "orthogonal")

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.losses.norms import frobenius
from camgr_tf.losses.norms import half_squared
from camgr_tf.losses.norms import squared


def _matrix(*rows):
    return np.array(rows, "float32")


def test_frobenius_fixtures():
    # By hand: 5 + 0 + 1, and sqrt(8) / 4.
    loss = frobenius(_matrix([3, 4]), _matrix([0, 0]), _matrix([1, 0]))
    assert float(loss) == pytest.approx(6)
    ones = np.ones((4, 2), "float32")
    assert float(frobenius(ones)) == pytest.approx(0.7071, abs=5e-5)


def test_frobenius_divides_by_the_rows_of_the_last():
    three_rows = np.zeros((3, 2), "float32")
    loss = frobenius(_matrix([3, 4]), three_rows)
    assert float(loss) == pytest.approx(5 / 3)


def test_frobenius_gradient_does_not_fade_and_is_zero_at_zero():
    small, zero = tf.constant([[3e-6, 4e-6]]), tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch([small, zero])
        loss = frobenius(small, zero)
    gradients = tape.gradient(loss, [small, zero])
    np.testing.assert_allclose(gradients[0], [[0.6, 0.8]], rtol=1e-5)
    np.testing.assert_array_equal(gradients[1], [[0, 0]])


def test_squared_by_hand():
    # 9 + 16 + 4 + 1: whole squares, whatever the shapes.
    tensors = [_matrix([3, 4]), np.array([2, 0, 1], "float32")]
    assert float(squared(tensors)) == pytest.approx(30)


def test_half_squared_by_hand():
    # (25 + 1 + 4) / (2 * 10), whatever the number of rows given.
    loss = half_squared(_matrix([3, 4]), _matrix([1, 0], [0, 2]), batch_size=10)
    assert float(loss) == pytest.approx(1.5)


def test_half_squared_gradient():
    x = tf.constant([[3.0, -4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = half_squared(x, batch_size=2)
    np.testing.assert_allclose(tape.gradient(loss, x), [[1.5, -2.0]])

import numpy as np
import tensorflow as tf

from camgr_tf.ops.normalize import l2_normalize


def test_by_hand():
    x = np.array([[3.0, 4.0], [0.0, -2.0]], "float32")
    np.testing.assert_allclose(l2_normalize(x), [[0.6, 0.8], [0, -1]], 1e-6)


def test_threshold_is_on_the_norm():
    # A threshold of 1e-12 on the square would give a norm of 0.01.
    x = np.array([[1e-8, 0.0]], "float32")
    np.testing.assert_allclose(l2_normalize(x), [[1.0, 0.0]], rtol=1e-5)
    # Below the threshold the row is divided by the threshold.
    np.testing.assert_allclose(l2_normalize(x, 1e-6), [[0.01, 0]], rtol=1e-5)


def test_zero_row_stays_zero_and_gets_no_gradient():
    x = tf.constant([[0.0, 0.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        normalized = l2_normalize(x)
        loss = tf.reduce_sum(normalized * [[1.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(normalized, [[0, 0], [0.6, 0.8]], rtol=1e-6)
    # d(a / n) / da = (1 - 0.6 * 0.6) / 5, d(a / n) / db = -0.6 * 0.8 / 5.
    np.testing.assert_allclose(
        tape.gradient(loss, x), [[0, 0], [0.128, -0.096]], atol=1e-6
    )


def test_last_axis_of_a_higher_tensor():
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    expected = x / np.linalg.norm(x, axis=2, keepdims=True)
    np.testing.assert_allclose(l2_normalize(x), expected, rtol=1e-5)

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.losses.bpr import bpr


def test_by_hand():
    # Differences 0 and log 3: -log(1 / 2) and -log(3 / 4).
    loss = bpr(np.log([1.0, 3.0], dtype="float32"), np.zeros(2, "float32"))
    assert float(loss) == pytest.approx((np.log(2) - np.log(0.75)) / 2)


def test_equals_the_mean_log_sigmoid():
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(size=(2, 50))
    expected = -np.mean(np.log(1 / (1 + np.exp(negative - positive))))
    loss = bpr(positive.astype("float32"), negative.astype("float32"))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_finite_where_the_sigmoid_is_zero():
    positive = tf.constant([-500.0, 500.0])
    with tf.GradientTape() as tape:
        tape.watch(positive)
        loss = bpr(positive, -positive)
    # softplus(1000) = 1000, softplus(-1000) = 0.
    assert float(loss) == 500.0
    # d/dp softplus(n - p) = -sigmoid(n - p), half of it for each row.
    gradient = tape.gradient(loss, positive)
    np.testing.assert_allclose(gradient, [-1.0, 0.0], atol=1e-6)


def test_gradient_pulls_the_scores_apart():
    positive, negative = tf.constant([0.0, 2.0]), tf.constant([0.0, 1.0])
    with tf.GradientTape() as tape:
        tape.watch([positive, negative])
        loss = bpr(positive, negative)
    gradients = tape.gradient(loss, [positive, negative])
    # sigmoid(0) / 2 and sigmoid(-1) / 2.
    expected = np.array([0.5, 1 / (1 + np.e)]) / 2
    np.testing.assert_allclose(gradients[0], -expected, rtol=1e-5)
    np.testing.assert_allclose(gradients[1], expected, rtol=1e-5)

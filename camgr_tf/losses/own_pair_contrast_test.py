import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.losses import own_pair_contrast


def test_by_hand():
    queries = np.array([[1, 0], [0, 2]], "float32")
    keys = np.array([[3, 9], [5, 1]], "float32")
    # Own pairs 3 and 2: the log of (e^3 + e^2) less their mean.
    loss = own_pair_contrast(queries, keys, 1.0, normalize=False)
    expected = np.log(np.exp(3) + np.exp(2)) - 2.5
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    # Cosines 1 / sqrt(10) and 1 / sqrt(26), times two.
    loss = own_pair_contrast(queries, keys, 0.5)
    own = np.array([2 / np.sqrt(10), 2 / np.sqrt(26)])
    expected = np.log(np.exp(own).sum()) - own.mean()
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_pairs_that_are_alike_are_the_minimum_whatever_the_others_are():
    rows = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    tensor = tf.constant(rows)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        # Each key is its own query: all cosines are 1.
        loss = own_pair_contrast(tensor, rows)
    assert float(loss) == pytest.approx(np.log(6), rel=1e-5)
    np.testing.assert_allclose(tape.gradient(loss, tensor), 0, atol=1e-5)
    other = own_pair_contrast(rows, rows[::-1])
    assert float(other) > np.log(6) + 0.1


@pytest.mark.parametrize("normalize", [True, False])
def test_zero_rows_are_survived(normalize):
    queries = tf.zeros((3, 2))
    with tf.GradientTape() as tape:
        tape.watch(queries)
        loss = own_pair_contrast(
            queries, np.ones((3, 2), "float32"), normalize=normalize
        )
    assert float(loss) == pytest.approx(np.log(3), rel=1e-5)
    assert np.isfinite(tape.gradient(loss, queries)).all()

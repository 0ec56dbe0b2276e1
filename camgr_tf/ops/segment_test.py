import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from camgr_tf.ops.segment import segment_softmax
from camgr_tf.ops.segment import segment_sum


def test_sum_by_hand():
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
    # Segment 1 is empty; segment 2 gets the first row and the last.
    result = segment_sum(values, [2, 0, 2], 4)
    np.testing.assert_array_equal(result, [[3, 4], [0, 0], [6, 8], [0, 0]])


def test_softmax_by_hand():
    # exp(log 3) / (exp(log 3) + exp(0)) = 3 / 4.
    logits = np.array([np.log(3.0), -7.0, 0.0], "float32")
    weights = segment_softmax(logits, [0, 1, 0], num_segments=2)
    np.testing.assert_allclose(weights, [0.75, 1.0, 0.25], rtol=1e-6)


@pytest.mark.parametrize("shape", [(40,), (40, 3)])
def test_softmax_equals_scipy_segment_by_segment(shape):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=shape).astype("float32")
    segments = rng.integers(0, 6, size=40)
    weights = segment_softmax(logits, segments, num_segments=9).numpy()
    for segment in range(6):
        rows = segments == segment
        np.testing.assert_allclose(
            weights[rows], scipy.special.softmax(logits[rows], axis=0), 1e-5
        )
        np.testing.assert_allclose(weights[rows].sum(axis=0), 1, rtol=1e-5)


@pytest.mark.parametrize("offset", [1000.0, -1000.0])
def test_softmax_subtracts_the_maximum(offset):
    # exp(1000) overflows float32, exp(-1000) is zero.
    logits = np.array([0.0, np.log(3.0), 5.0], "float32") + offset
    weights = segment_softmax(logits, [0, 0, 1], num_segments=2)
    np.testing.assert_allclose(weights, [0.25, 0.75, 1.0], rtol=1e-4)


def test_softmax_of_far_apart_logits():
    logits = np.array([1000.0, -1000.0, 0.0], "float32")
    weights = segment_softmax(logits, [0, 0, 1], num_segments=2)
    np.testing.assert_array_equal(weights, [1.0, 0.0, 1.0])


def test_softmax_does_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=30).astype("float32")
    segments = rng.integers(0, 5, size=30)
    order = rng.permutation(30)
    weights = segment_softmax(logits, segments, 5).numpy()
    shuffled = segment_softmax(logits[order], segments[order], 5)
    np.testing.assert_allclose(shuffled, weights[order], rtol=1e-6)


def test_softmax_gradient_is_the_dense_one():
    rng = np.random.default_rng(3)
    logits = tf.constant(rng.normal(size=(2, 4)), "float32")
    upstream = tf.constant(rng.normal(size=(2, 4)), "float32")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        # Row r of the matrix is segment r.
        flat = segment_softmax(
            tf.reshape(logits, [-1]), np.repeat([0, 1], 4), 2
        )
        ours = tf.reduce_sum(tf.reshape(flat, (2, 4)) * upstream)
        dense = tf.reduce_sum(tf.nn.softmax(logits, axis=1) * upstream)
    np.testing.assert_allclose(
        tape.gradient(ours, logits), tape.gradient(dense, logits), atol=1e-6
    )

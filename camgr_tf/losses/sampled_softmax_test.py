import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax

from camgr_tf.losses import bpr
from camgr_tf.losses import sampled_softmax


def rows(seed, num, scale=1.0):
    rng = np.random.default_rng(seed)
    return (scale * rng.normal(size=(num, 5))).astype("float32")


@pytest.mark.parametrize("num_negatives", [1, 4, 9])
@pytest.mark.parametrize("scale", [0.1, 1.0, 12.0])
def test_it_is_the_log_softmax_of_the_own_item(num_negatives, scale):
    users, items = rows(0, 4, scale), rows(1, 4)
    negatives = rows(2, num_negatives)
    # In 64 bits, row by row, by SciPy.
    u, i, j = (v.astype("float64") for v in (users, items, negatives))
    expected = -np.mean(
        [log_softmax([u[b] @ i[b], *(j @ u[b])])[0] for b in range(4)]
    )
    value = float(sampled_softmax(users, items, negatives))
    assert value == pytest.approx(expected, rel=1e-5)


def test_two_negatives_by_hand():
    # Scores 1 | 0, 1: -log(e / (e + 1 + e)).
    value = sampled_softmax(
        ops.array([[1.0, 0.0]]),
        ops.array([[1.0, 2.0]]),
        ops.array([[0.0, 3.0], [1.0, 4.0]]),
    )
    assert float(value) == pytest.approx(np.log(2 + np.exp(-1)), rel=1e-6)


def test_one_row_with_one_negative_is_bpr():
    users, items, negatives = rows(0, 1), rows(1, 1), rows(2, 1)
    pair = bpr(np.sum(users * items, 1), np.sum(users * negatives, 1))
    value = sampled_softmax(users, items, negatives)
    assert float(value) == pytest.approx(float(pair), rel=1e-6)


def test_equal_scores_give_the_logarithm_of_their_number():
    zeros = np.zeros((3, 2), "float32")
    value = float(sampled_softmax(zeros, zeros, np.zeros((7, 2), "float32")))
    assert value == pytest.approx(np.log(8), rel=1e-6)


def test_large_scores_stay_finite():
    users, items = rows(0, 3, 1e4), rows(1, 3)
    assert np.isfinite(float(sampled_softmax(users, items, rows(2, 3))))

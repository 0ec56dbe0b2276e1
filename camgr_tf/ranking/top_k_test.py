import numpy as np
import pytest

from camgr_tf.ranking import top_k as module
from camgr_tf.ranking.top_k import top_k


def test_top_k_orders_ties_by_column():
    scores = np.array([[1.0, 3.0, 3.0, 0.0, 3.0], [0.0, 0.0, 1.0, 2.0, 2.0]])
    assert top_k(scores, 3).tolist() == [[1, 2, 4], [3, 4, 2]]
    assert top_k(scores, 5).tolist() == [[1, 2, 4, 0, 3], [3, 4, 2, 0, 1]]


def test_top_k_chooses_the_smaller_columns_of_equal_scores():
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, size=(50, 300)).astype("float32")
    scores[0] = 0.0
    scores[1, :299], scores[1, 299] = -1e10, 5.0
    for k in (1, 20, 150, 299):
        expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(top_k(scores, k), expected)


@pytest.mark.parametrize("num_zeros", [0, 20])
def test_top_k_knows_signs_infinities_and_zeros(num_zeros):
    # The smallest float32 numbers beside zero are 1.4e-45.
    scores = [0.0, -1e-45, -np.inf, -0.0, 1e-45, np.inf, -2.0]
    scores = np.array([scores + [0.0] * num_zeros], "float32")
    zeros = [0, 3, *range(7, 7 + num_zeros)]
    expected = [5, 4, *zeros, 1, 6, 2]
    for k in (1, 3, 5, len(expected)):
        assert top_k(scores, k).tolist() == [expected[:k]]


@pytest.mark.parametrize("keys_at_a_time", [1, 700, 10**6])
def test_top_k_of_scores_that_are_mostly_zero(keys_at_a_time, monkeypatch):
    monkeypatch.setattr(module, "KEYS_AT_A_TIME", keys_at_a_time)
    rng = np.random.default_rng(0)
    scores = rng.integers(-2, 3, size=(9, 300)).astype("float32")
    scores[rng.random(scores.shape) < 0.8] = 0.0
    for k in (1, 20, 150, 300):
        expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(top_k(scores, k), expected)


def test_top_k_equals_a_full_sort():
    scores = np.random.default_rng(0).normal(size=(30, 200))
    expected = np.argsort(-scores, axis=1)[:, :20]
    np.testing.assert_array_equal(top_k(scores, 20), expected)

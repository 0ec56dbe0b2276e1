import numpy as np
import pytest

from camgr_tf.metrics.ranking import METRICS
from camgr_tf.metrics.ranking import average_precision
from camgr_tf.metrics.ranking import ndcg
from camgr_tf.metrics.ranking import precision
from camgr_tf.metrics.ranking import recall

# By hand: three users, five places.
HITS = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 0]], bool)
NUM_RELEVANT = np.array([2, 1, 8])


@pytest.mark.parametrize(
    "metric, means",
    [
        (recall, [0.166667, 0.208333, 0.416667, 0.458333, 0.458333]),
        (precision, [0.333333, 0.333333, 0.444444, 0.416667, 0.333333]),
        (ndcg, [0.333333, 0.333333, 0.483481, 0.509780, 0.483119]),
        (average_precision, [0.333333, 0.25, 0.407407, 0.4375, 0.405556]),
    ],
)
def test_fixture(metric, means):
    for k, mean in enumerate(means, start=1):
        values = metric(HITS, NUM_RELEVANT, k)
        assert values.shape == (3,) and values.dtype == np.float64
        assert values.mean() == pytest.approx(mean, abs=5e-7)


DISCOUNT_2, DISCOUNT_3 = 1 / np.log2(3), 1 / np.log2(4)


@pytest.mark.parametrize(
    "name, hits, num_relevant, k, expected",
    [
        # One of two held-out items, at the second place of three.
        ("recall", [0, 1, 0], 2, 3, 1 / 2),
        ("precision", [0, 1, 0], 2, 3, 1 / 3),
        ("ndcg", [0, 1, 0], 2, 3, DISCOUNT_2 / (1 + DISCOUNT_2)),
        ("map", [0, 1, 0], 2, 3, (1 / 2) / 2),
        # The ideal list is cut at k, not at the hits found.
        ("ndcg", [0, 1, 1], 1000, 2, DISCOUNT_2 / (1 + DISCOUNT_2)),
        ("map", [0, 1, 1], 1000, 2, (1 / 2) / 2),
        # All found, in the best order and in the worst.
        ("ndcg", [1, 1, 0], 2, 3, 1.0),
        ("map", [1, 1, 0], 2, 3, 1.0),
        (
            "ndcg",
            [0, 1, 1],
            2,
            3,
            (DISCOUNT_2 + DISCOUNT_3) / (1 + DISCOUNT_2),
        ),
        ("map", [0, 1, 1], 2, 3, (1 / 2 + 2 / 3) / 2),
        # The list is shorter than k.
        ("recall", [1, 0], 4, 10, 1 / 4),
        ("precision", [1, 0], 4, 10, 1 / 10),
        ("map", [1, 0], 1, 10, 1.0),
        ("ndcg", [1, 0], 1, 10, 1.0),
    ],
)
def test_by_hand(name, hits, num_relevant, k, expected):
    value = METRICS[name](np.array([hits], bool), np.array([num_relevant]), k)
    assert value[0] == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_no_hit_is_zero(name):
    value = METRICS[name](np.zeros((1, 5), bool), np.array([3]), 5)
    assert value[0] == 0


@pytest.mark.parametrize("name", METRICS)
def test_places_behind_k_do_not_count(name):
    rng = np.random.default_rng(0)
    hits = rng.random((20, 10)) < 0.3
    num_relevant = rng.integers(5, 12, size=20)
    changed = hits.copy()
    changed[:, 4:] = ~hits[:, 4:]
    np.testing.assert_array_equal(
        METRICS[name](hits, num_relevant, 4),
        METRICS[name](changed, num_relevant, 4),
    )

import numpy as np
import pytest

from camgr_tf.metrics.beyond_accuracy import gini
from camgr_tf.metrics.beyond_accuracy import item_coverage
from camgr_tf.metrics.beyond_accuracy import mean_popularity


def test_item_coverage():
    assert item_coverage([3, 0, 1, 0]) == 0.5
    assert item_coverage([0, 0]) == 0.0


@pytest.mark.parametrize(
    "counts, expected",
    [
        ([2, 2, 2], 0.0),
        # (-1 * 1 + 1 * 3) / (2 * 4).
        ([3, 1], 0.25),
        # One of n items takes all: (n - 1) / n.
        ([0, 0, 0, 8], 0.75),
    ],
)
def test_gini_by_hand(counts, expected):
    assert gini(counts) == pytest.approx(expected)


def test_gini_is_the_mean_difference_of_pairs():
    counts = np.random.default_rng(0).integers(0, 50, size=40)
    differences = np.abs(counts[:, None] - counts[None, :]).mean()
    assert gini(counts) == pytest.approx(differences / (2 * counts.mean()))


def test_mean_popularity():
    # Three places for an item with 10 interactions, one for a cold item.
    assert mean_popularity([3, 0, 1], [10, 4, 0]) == 7.5

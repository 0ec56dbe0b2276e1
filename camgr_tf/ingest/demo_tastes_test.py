import numpy as np
import pytest

from camgr_tf.ingest.demo_tastes import TASTES
from camgr_tf.ingest.demo_tastes import make_world


@pytest.fixture(scope="module")
def world():
    return make_world(np.random.default_rng(1))


def test_sizes(world):
    table = world.interactions
    assert len(table) == 8000
    assert not table.duplicated(["userID", "itemID"]).any()
    activity = np.bincount(table["userID"])
    assert len(activity) == 600
    assert activity.min() >= 6
    assert 0 <= table["itemID"].min() and table["itemID"].max() < 400


def test_times_ascend_for_each_user(world):
    table = world.interactions
    assert table["userID"].is_monotonic_increasing
    # Two rows of a user at the same second are possible, and no harm.
    for _, times in table.groupby("userID")["timestamp"]:
        assert times.is_monotonic_increasing
        assert times.iloc[-1] - times.iloc[0] < 90 * 86_400


def test_attributes_are_independent_of_each_other(world):
    assert world.attributes.keys() == TASTES.keys()
    for taste, num_values in TASTES.items():
        values = world.attributes[taste]
        # 400 items over at most 8 values: 50 each, standard deviation 6.6.
        assert np.bincount(values, minlength=num_values).min() > 20
    colors, categories = world.attributes["color"], world.attributes["category"]
    # Agreement by chance alone: 1 in 8, standard deviation .017.
    assert abs(np.mean(colors == categories) - 1 / 8) < 0.07


@pytest.mark.parametrize("taste", TASTES)
def test_users_return_to_what_they_like(world, taste):
    # Pairs of rows of one user share a value more often than any two items.
    table = world.interactions
    values = world.attributes[taste][table["itemID"].to_numpy()]
    counts = np.zeros((600, TASTES[taste]))
    np.add.at(counts, (table["userID"].to_numpy(), values), 1)
    totals = counts.sum(axis=1)
    same_pairs = (counts * (counts - 1)).sum()
    share = same_pairs / (totals * (totals - 1)).sum()
    assert share > 1.3 / TASTES[taste]


def test_same_world_for_the_same_seed(world):
    again = make_world(np.random.default_rng(1))
    assert again.interactions.equals(world.interactions)
    other = make_world(np.random.default_rng(2))
    assert not other.interactions.equals(world.interactions)

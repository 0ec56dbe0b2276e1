import numpy as np
import pytest

from camgr_tf.benchmarks.synthetic_dataset import synthetic_dataset


@pytest.fixture(scope="module")
def interactions():
    return synthetic_dataset(widths={}).interactions


def test_sizes_of_baby(interactions):
    assert (interactions.num_users, interactions.num_items) == (19_445, 7_050)
    assert interactions.num_interactions == 160_792
    # Baby's training part has 118,551 rows.
    assert len(interactions.train) == pytest.approx(118_551, rel=0.02)


def check_parts(interactions):
    """Disjoint, all of Baby's pairs together, each user in each."""
    keys = [
        pairs[:, 0].astype(int) * 7_050 + pairs[:, 1]
        for pairs in interactions.parts.values()
    ]
    assert len(np.unique(np.concatenate(keys))) == 160_792
    for pairs in interactions.parts.values():
        assert len(np.unique(pairs[:, 0])) == 19_445


def check_degrees(interactions):
    """Spread as those of Baby."""
    users = np.bincount(interactions.train[:, 0])
    items = np.bincount(interactions.train[:, 1], minlength=7_050)
    # Measured on Baby at .5, .9 and .99: users 4, 11, 25; items 8, 36, 136.
    np.testing.assert_allclose(
        np.quantile(users, [0.5, 0.9, 0.99]), [4, 11, 25], rtol=0.25
    )
    np.testing.assert_allclose(
        np.quantile(items, [0.5, 0.9, 0.99]), [8, 36, 136], rtol=0.25
    )


def test_parts_are_disjoint_and_each_user_is_in_all(interactions):
    check_parts(interactions)


def test_degrees_are_spread_as_those_of_baby(interactions):
    check_degrees(interactions)


def test_scale_and_seed():
    twice = synthetic_dataset(scale=2, widths={"text": 3})
    assert twice.interactions.num_users == 38_890
    assert twice.interactions.num_interactions == 321_584
    assert twice.features["text"].shape == (14_100, 3)
    again = synthetic_dataset(scale=2, widths={"text": 3})
    np.testing.assert_array_equal(
        twice.interactions.train, again.interactions.train
    )
    np.testing.assert_array_equal(
        twice.features["text"], again.features["text"]
    )
    other = synthetic_dataset(scale=2, widths={}, seed=1)
    assert not np.array_equal(twice.interactions.test, other.interactions.test)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"size": "tiny"}, r"`size` must be one of \['baby', 'clothing'\]"),
        ({"scale": 0}, "`scale` must be 1 or more. Received: scale=0"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        synthetic_dataset(**arguments)

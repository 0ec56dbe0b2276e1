import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from camgr_tf.data.user_items import UserItems

PAIRS = [(2, 3), (0, 3), (0, 1), (2, 0), (0, 3)]


def test_rows_by_hand():
    bought = UserItems(PAIRS, 4, 5)
    assert bought.items.tolist() == [1, 3, 0, 3]
    assert bought.starts.tolist() == [0, 2, 2, 4, 4]
    assert bought.counts.tolist() == [2, 0, 2, 0]
    assert bought.of(2).tolist() == [0, 3]
    assert bought.of(1).tolist() == []
    rows, items = bought.pairs(np.array([2, 1, 0]))
    assert rows.tolist() == [0, 0, 2, 2]
    assert items.tolist() == [0, 3, 1, 3]


def test_masked_are_a_users_items_among_the_columns():
    scores = np.zeros((2, 3))
    UserItems(PAIRS, 4, 5).mask(scores, np.array([0, 2]), np.array([0, 1, 4]))
    assert np.isinf(scores).tolist() == [
        [False, True, False],
        [True, False, False],
    ]


@pytest.mark.parametrize("pairs", [[], [(0, 0)]])
def test_few_pairs(pairs):
    bought = UserItems(pairs, 2, 2)
    assert bought.counts.sum() == len(pairs)
    assert bought.contains(np.array([0]), np.array([[0, 1]])).sum() == len(
        pairs
    )


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    strategies.lists(
        strategies.tuples(strategies.integers(0, 4), strategies.integers(0, 6)),
        max_size=30,
    )
)
def test_sets_of_pairs_are_the_oracle(pairs):
    bought = UserItems(pairs, 5, 7)
    known = set(pairs)
    for user in range(5):
        expected = sorted(item for u, item in known if u == user)
        assert bought.of(user).tolist() == expected
    users = np.array([4, 0, 3])
    rows, items = bought.pairs(users)
    expected = [
        (u, i) for u in users for i in sorted(x for v, x in known if v == u)
    ]
    assert list(zip(users[rows], items)) == expected
    lists = np.tile(np.arange(-1, 9), (3, 1))
    assert bought.contains(users, lists).tolist() == [
        [(u, i) in known for i in range(-1, 9)] for u in users.tolist()
    ]

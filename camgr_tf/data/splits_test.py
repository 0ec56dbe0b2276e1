import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.data.splits import split_leave_one_out
from camgr_tf.data.splits import split_random
from camgr_tf.data.splits import split_table
from camgr_tf.data.splits import split_temporal_global
from camgr_tf.data.splits import split_temporal_user


def _counts(users, labels):
    """Rows of each user in each part, by a loop."""
    return {
        user: tuple(np.sum(labels[users == user] == part) for part in range(3))
        for user in np.unique(users)
    }


# n: (train, validation, test). k = floor(n / 5) from 10 rows on.
_TENTHS = {
    1: (1, 0, 0),
    2: (2, 0, 0),
    3: (1, 1, 1),
    9: (7, 1, 1),
    10: (8, 1, 1),
    14: (12, 1, 1),
    15: (12, 1, 2),
    19: (16, 1, 2),
    20: (16, 2, 2),
    57: (46, 5, 6),
}


def _users_with(sizes, seed=0):
    users = np.repeat(list(sizes), list(sizes))
    return np.random.default_rng(seed).permutation(users)


def test_random_sizes():
    users = _users_with(_TENTHS)
    assert _counts(users, split_random(users, 3)) == _TENTHS


def test_random_is_seeded():
    users = _users_with(_TENTHS)
    labels = split_random(users, 3)
    np.testing.assert_array_equal(labels, split_random(users, 3))
    assert (labels != split_random(users, 4)).any()


def test_random_gives_each_row_the_same_chance():
    # 10 rows of one user: one in ten is for validation, one for test.
    labels = [split_random(np.zeros(10, int), seed) for seed in range(2000)]
    for part in (1, 2):
        share = np.mean(np.array(labels) == part, axis=0)
        # The standard error of a share is sqrt(.1 * .9 / 2000) = .0067.
        np.testing.assert_allclose(share, 0.1, atol=0.03)


def test_leave_one_out_by_time():
    users = np.array([0, 1, 0, 0, 1, 0, 2, 2, 1])
    times = np.array([4, 9, 1, 3, 8, 3, 5, 6, 7])
    # User 0: times 1, 3, 3 (the later line last), 4; user 1: 7, 8, 9; user 2
    # has two rows and keeps both for training.
    expected = [2, 2, 0, 0, 1, 1, 0, 0, 0]
    labels = split_leave_one_out(users, 0, times)
    np.testing.assert_array_equal(labels, expected)


def test_leave_one_out_at_random():
    users = _users_with(_TENTHS)
    labels = split_leave_one_out(users, 1)
    assert _counts(users, labels) == {
        n: (n - 2, 1, 1) if n >= 3 else (n, 0, 0) for n in _TENTHS
    }
    assert (labels != split_leave_one_out(users, 2)).any()


def test_temporal_user_keeps_the_order_of_time():
    users = _users_with(_TENTHS)
    times = np.random.default_rng(5).permutation(len(users))
    labels = split_temporal_user(users, times)
    assert _counts(users, labels) == _TENTHS
    for user in _TENTHS:
        by_time = labels[users == user][np.argsort(times[users == user])]
        assert (np.diff(by_time) >= 0).all()


def test_temporal_global():
    # Ten rows; the points are the times at places 8 and 9: 18 and 19.
    times = np.array([19, 10, 11, 12, 13, 14, 15, 16, 17, 18])
    labels = split_temporal_global(times)
    np.testing.assert_array_equal(labels, [2, 0, 0, 0, 0, 0, 0, 0, 0, 1])


def test_temporal_global_never_divides_one_moment():
    # Sorted: 0 0 0 0 0 0 0 5 5 9, so the points are 5 and 9.
    times = np.array([5, 0, 0, 0, 9, 0, 0, 0, 0, 5])
    labels = split_temporal_global(times)
    np.testing.assert_array_equal(labels, [1, 0, 0, 0, 2, 0, 0, 0, 0, 1])


_PLAIN = pd.DataFrame({"userID": [0] * 10, "itemID": range(10)})
_TIMED = _PLAIN.assign(timestamp=range(10))


@pytest.mark.parametrize(
    ("table", "rule", "seed"),
    [
        (_PLAIN, "random", 3),
        (_TIMED, "random", 3),
        (_PLAIN, "leave_one_out", 3),
        (_TIMED, "leave_one_out", None),
        (_TIMED, "temporal_user", None),
        (_TIMED, "temporal_global", None),
    ],
)
def test_seed_is_recorded_where_a_rule_draws(table, rule, seed):
    labels, recorded = split_table(table, rule, 3, "toy.inter")
    assert recorded == seed
    assert sorted(labels) == [0] * 8 + [1, 2]


@pytest.mark.parametrize("rule", ["temporal_user", "temporal_global"])
def test_temporal_rules_need_a_timestamp(rule):
    message = f"toy.inter: split='{rule}' needs a column `timestamp`"
    with pytest.raises(ValueError, match=message):
        split_table(_PLAIN, rule, 0, "toy.inter")


def test_unknown_rule():
    message = (
        r'`split` must be "file" .* or one of random, leave_one_out, '
        "temporal_global, temporal_user. Received: split='ratio'"
    )
    with pytest.raises(ValueError, match=message):
        split_table(_PLAIN, "ratio", 0, "toy.inter")


@pytest.mark.parametrize("seed", [-1, 1.5, None, "7"])
def test_bad_seed(seed):
    message = f"non-negative integer. Received: split_seed={seed!r}"
    with pytest.raises(ValueError, match=message):
        split_table(_PLAIN, "random", seed, "toy.inter")


_ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-3, 3) | st.floats(-1, 1)),
    min_size=1,
    max_size=60,
)


@given(_ROWS, st.integers(0, 3))
def test_every_rule_labels_each_row_by_what_it_says(rows, seed):
    table = pd.DataFrame(rows, columns=["userID", "timestamp"])
    users = table["userID"].to_numpy()
    counts = np.bincount(users)
    expected = {
        user: (max(1, n // 5 - n // 10), max(1, n // 10)) if n > 2 else (0, 0)
        for user, n in enumerate(counts)
    }
    for rule in ("random", "temporal_user"):
        labels, _ = split_table(table, rule, seed, "a.inter")
        for user, (_, validation, test) in _counts(users, labels).items():
            assert (test, validation) == expected[user]
    for rule in ("leave_one_out", "temporal_user"):
        labels, used_seed = split_table(table, rule, seed, "a.inter")
        assert used_seed is None
        for _, own in table.assign(label=labels).groupby("userID"):
            # By time, of equal times by line: training, validation, test.
            in_time = own.sort_values("timestamp", kind="stable")["label"]
            assert in_time.is_monotonic_increasing


@given(_ROWS)
def test_two_points_in_time_part_all_rows(rows):
    times = np.array([time for _, time in rows], float)
    labels = split_temporal_global(times)
    assert pd.Series(labels[np.argsort(times)]).is_monotonic_increasing
    for time in set(times):
        assert len(set(labels[times == time])) == 1
    assert np.mean(labels == 0) <= 0.8


@given(_ROWS, st.integers(0, 3))
def test_no_user_changes_the_split_of_another(rows, seed):
    table = pd.DataFrame(rows, columns=["userID", "timestamp"])
    more = pd.concat([table, table.assign(userID=9, timestamp=0)])
    for rule in ("leave_one_out", "temporal_user"):
        alone, _ = split_table(table, rule, seed, "a.inter")
        together, _ = split_table(more, rule, seed, "a.inter")
        np.testing.assert_array_equal(together[: len(table)], alone)

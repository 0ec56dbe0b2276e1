"""Rules that split interactions into train, validation and test.

A rule returns one label for each row: 0 train, 1 validation, 2 test. The parts
of one user never depend on another user, except in `"temporal_global"`, where
all rows share two points in time.
"""

import numpy as np
import pandas as pd


def split_random(users, seed):
    """Holds out about a tenth of each user's rows twice, drawn at random.

    A user with `n >= 10` rows has `k = n // 5` of them held out: `k // 2` for
    validation, the others for test. A user with 3 to 9 rows has one for each.
    With fewer than 3 all rows are for training.

    Args:
        users: Integer array of shape `(rows,)`.
        seed: Integer.

    Returns:
        Integer array of labels, of shape `(rows,)`.

    Reference: the split of MMRec, `design/baselines.md` 1.1.
    """
    order = np.random.default_rng(seed).permutation(len(users))
    return _label_by_user(users, order, _tenths)


def split_leave_one_out(users, seed, timestamps=None):
    """Holds out two rows of each user: the last for test, one for validation.

    The order is that of time where there are timestamps (equal times: the
    later line is the later one), else it is drawn at random. Users with fewer
    than 3 rows are for training only.

    Args:
        users: Integer array of shape `(rows,)`.
        seed: Integer. Not used with timestamps.
        timestamps: Array of shape `(rows,)`. Defaults to `None`.

    Returns:
        Integer array of labels, of shape `(rows,)`.
    """
    if timestamps is None:
        order = np.random.default_rng(seed).permutation(len(users))
    else:
        order = _ranks(timestamps)
    return _label_by_user(users, order, _one_each)


def split_temporal_user(users, timestamps):
    """Holds out each user's last rows in time, as many as `split_random`.

    Validation comes before test. Of rows at the same time the later line is
    the later one.

    Args:
        users: Integer array of shape `(rows,)`.
        timestamps: Array of shape `(rows,)`.

    Returns:
        Integer array of labels, of shape `(rows,)`.
    """
    return _label_by_user(users, _ranks(timestamps), _tenths)


def split_temporal_global(timestamps):
    """Splits all rows at two points in time, the same for all users.

    The points are the times of the rows at 80 and 90 percent of the rows in
    order of time; a row at such a point belongs to the later part, so that
    rows at the same time are always in the same part.

    Args:
        timestamps: Array of shape `(rows,)`.

    Returns:
        Integer array of labels, of shape `(rows,)`.
    """
    ordered = np.sort(timestamps)
    points = ordered[[len(ordered) * 8 // 10, len(ordered) * 9 // 10]]
    return np.searchsorted(points, timestamps, side="right")


SPLIT_RULES = ("random", "leave_one_out", "temporal_global", "temporal_user")


def split_table(
    table: pd.DataFrame, rule: str, seed: int, path
) -> tuple[np.ndarray, int | None]:
    """Labels the rows of a table by the rule of that name.

    Args:
        table: DataFrame with `userID` and, for the temporal rules,
            `timestamp`.
        rule: String, one of `SPLIT_RULES`.
        seed: Non-negative integer.
        path: The file, for the messages.

    Returns:
        Integer array of labels, of shape `(rows,)`, and the seed: `None` where
        the rule drew nothing.

    Raises:
        ValueError: if the rule is unknown, needs a timestamp column that is
            not there, or needs a seed and gets none that is valid.
    """
    if rule not in SPLIT_RULES:
        raise ValueError(
            '`split` must be "file" (the labels in the column x_label) or one '
            f"of {', '.join(SPLIT_RULES)}. Received: split={rule!r}"
        )
    users = table["userID"].to_numpy()
    timestamps = None
    if "timestamp" in table:
        timestamps = table["timestamp"].to_numpy()
    elif rule.startswith("temporal"):
        raise ValueError(
            f"{path}: split={rule!r} needs a column `timestamp`. The rules "
            'that need none are "random" and "leave_one_out"'
        )
    if rule == "temporal_global":
        return split_temporal_global(timestamps), None
    if rule == "temporal_user":
        return split_temporal_user(users, timestamps), None
    if rule == "leave_one_out" and timestamps is not None:
        return split_leave_one_out(users, seed, timestamps), None
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(
            "`split_seed` must be a non-negative integer. "
            f"Received: split_seed={seed!r}"
        )
    split = {"random": split_random, "leave_one_out": split_leave_one_out}
    return split[rule](users, seed), int(seed)


def _ranks(timestamps):
    """Returns the place of each row in time, equal times in file order."""
    ranks = np.empty(len(timestamps), np.int64)
    ranks[np.argsort(timestamps, kind="stable")] = np.arange(len(timestamps))
    return ranks


def _tenths(counts):
    held_out = np.where(counts >= 10, counts // 5, 2)
    held_out = np.where(counts >= 3, held_out, 0)
    return held_out - held_out // 2, held_out


def _one_each(counts):
    return np.where(counts >= 3, 1, 0), np.where(counts >= 3, 2, 0)


def _label_by_user(users, order, sizes):
    """Labels each user's last rows in `order` as `sizes(counts)` says.

    `sizes` maps the users' numbers of rows to how many of the last rows are
    for test, and how many for test and validation together.
    """
    counts = np.bincount(users)
    num_test, num_held_out = sizes(counts)
    by_user = np.lexsort((order, users))
    sorted_users = users[by_user]
    from_end = np.cumsum(counts)[sorted_users] - np.arange(len(users))
    labels = np.zeros(len(users), np.int64)
    labels[by_user] = np.where(
        from_end <= num_test[sorted_users],
        2,
        np.where(from_end <= num_held_out[sorted_users], 1, 0),
    )
    return labels

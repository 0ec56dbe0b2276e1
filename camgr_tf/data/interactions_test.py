import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from camgr_tf.data.interactions import Interactions
from camgr_tf.data.interactions import build_interactions
from camgr_tf.data.interactions import drop_duplicates

_PATH = Path("toy.inter")


def _table(rows, columns=("userID", "itemID")):
    table = pd.DataFrame(rows, columns=list(columns), dtype=np.int64)
    table.index = pd.RangeIndex(2, 2 + len(table))
    return table


def _pairs(*rows):
    return np.array(rows, np.int32).reshape(-1, 2)


def _interactions(train):
    return Interactions(
        num_users=2,
        num_items=3,
        train=train,
        validation=_pairs((0, 2)),
        test=_pairs((1, 2)),
        split="file",
        split_seed=None,
    )


def _build(table, labels):
    return build_interactions(table, np.array(labels), _PATH, 3, 4, "random", 5)


def test_build_sorts_rows_into_parts():
    table = _table([(1, 3), (0, 2), (1, 0), (0, 1), (0, 0)])
    built = _build(table, [0, 0, 2, 1, 0])
    np.testing.assert_array_equal(built.train, [[0, 0], [0, 2], [1, 3]])
    np.testing.assert_array_equal(built.validation, [[0, 1]])
    np.testing.assert_array_equal(built.test, [[1, 0]])
    assert {pairs.dtype for pairs in built.parts.values()} == {np.dtype("i4")}
    assert (built.num_users, built.num_items) == (3, 4)
    assert (built.split, built.split_seed) == ("random", 5)
    assert built.num_interactions == 5


def test_duplicates_are_dropped_with_a_warning():
    table = _table([(0, 1), (0, 2), (0, 1), (1, 1), (0, 1)])
    message = (
        "toy.inter: 2 duplicate rows, the first on line 4 "
        r"\(user 0, item 1, as on line 2\). Each pair is kept once."
    )
    with pytest.warns(UserWarning, match=message):
        kept = drop_duplicates(table, _PATH)
    assert list(kept.index) == [2, 3, 5]


def test_no_duplicates_no_warning():
    table = _table([(0, 1), (1, 0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drop_duplicates(table, _PATH) is table


def test_pair_in_two_parts_is_an_error():
    table = _table(
        [(0, 1, 0), (2, 2, 0), (0, 1, 2)], ("userID", "itemID", "x_label")
    )
    message = (
        "toy.inter: a user-item pair must be in one part only. Received: 1 in "
        "two, the first user 0, item 1, in train on line 2 and in test on "
        "line 4"
    )
    with pytest.raises(ValueError, match=message):
        drop_duplicates(table, _PATH)


def test_users_without_training_rows_are_not_evaluated():
    # User 1 has held-out rows only, on lines 4 and 6.
    table = _table([(0, 0), (0, 1), (1, 0), (0, 2), (1, 3)])
    message = (
        r"toy.inter: 1 users without training rows, the first user 1 "
        r"\(line 4\). Their 2 validation and test rows are not evaluated"
    )
    with pytest.warns(UserWarning, match=message):
        built = _build(table, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(built.validation, [[0, 1]])
    np.testing.assert_array_equal(built.test, [[0, 2]])


def test_empty_part_is_an_error():
    table = _table([(0, 0), (0, 1)])
    message = (
        "toy.inter: each part must have at least one row. Received: 1 train, "
        "1 validation, 0 test rows by split='random'"
    )
    with pytest.raises(ValueError, match=message):
        _build(table, [0, 1])


def test_only_held_out_rows_is_an_error():
    table = _table([(0, 0), (0, 1)])
    with pytest.warns(UserWarning, match="1 users without training rows"):
        with pytest.raises(ValueError, match="Received: 0 train, 0 validation"):
            _build(table, [1, 2])


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (_pairs((0, 1)).astype(np.int64), "int32 .* Received: int64 of shape"),
        (np.zeros((2, 3), np.int32), r"Received: int32 of shape \(2, 3\)"),
        (_pairs((0, 1), (0, 0)), "row 0 is \\[0 1\\], the next \\[0 0\\]"),
        (_pairs((0, 1), (0, 1)), "sorted by user, then item, without repet"),
        (_pairs((2, 0)), r"user ids in 0\.\.1 .* maximum \[2 0\]"),
        (_pairs((0, 3)), r"item ids in 0\.\.2\. .* maximum \[0 3\]"),
        (_pairs((0, -1)), r"minimum \[ 0 -1\]"),
    ],
)
def test_parts_of_another_form_are_refused(train, message):
    with pytest.raises(ValueError, match=f"`train` must .*{message}"):
        _interactions(train)


def test_an_empty_part_has_the_right_form():
    assert len(_interactions(_pairs()).train) == 0

"""Who interacted with what, in three parts: train, validation, test."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Interactions:
    """The user-item pairs of a dataset, in disjoint parts.

    Args:
        num_users: Integer. Users have the ids `0` to `num_users - 1`.
        num_items: Integer. Items have the ids `0` to `num_items - 1`.
        train: Integer array of shape `(rows, 2)` and type int32. A row is a
            user id and an item id; rows are unique and sorted by user, then
            item.
        validation: The same, for model selection.
        test: The same, for the final figures.
        split: String. The rule that made the parts: `"file"` (the labels in
            the file) or one of `camgr_tf.data.splits.SPLIT_RULES`.
        split_seed: Integer, or `None` where the rule draws nothing.

    Raises:
        ValueError: if a part has another form than this.
    """

    num_users: int
    num_items: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    split: str
    split_seed: int | None

    def __post_init__(self):
        for part, pairs in self.parts.items():
            self._check_part(part, pairs)

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """The three arrays of pairs, keyed by `PARTS`."""
        return {part: getattr(self, part) for part in PARTS}

    @property
    def num_interactions(self) -> int:
        """The number of pairs in all parts together."""
        return sum(len(pairs) for pairs in self.parts.values())

    def _check_part(self, part, pairs):
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype != np.int32:
            raise ValueError(
                f"`{part}` must be an int32 array of shape (rows, 2). "
                f"Received: {pairs.dtype} of shape {pairs.shape}"
            )
        if not len(pairs):
            return
        size = (self.num_users, self.num_items)
        if pairs.min() < 0 or (pairs.max(axis=0) >= size).any():
            raise ValueError(
                f"`{part}` must hold user ids in 0..{self.num_users - 1} and "
                f"item ids in 0..{self.num_items - 1}. Received: minimum "
                f"{pairs.min(axis=0)}, maximum {pairs.max(axis=0)}"
            )
        keys = pairs[:, 0].astype(np.int64) * self.num_items + pairs[:, 1]
        unordered = np.flatnonzero(keys[1:] <= keys[:-1])
        if len(unordered):
            raise ValueError(
                f"`{part}` must be sorted by user, then item, without "
                f"repetition. Received: row {unordered[0]} is "
                f"{pairs[unordered[0]]}, the next {pairs[unordered[0] + 1]}"
            )


def drop_duplicates(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Keeps the first line of each user-item pair, and warns of the others.

    Args:
        table: DataFrame with `userID`, `itemID` and perhaps `x_label`, indexed
            by the line number in the file.
        path: The file, for the messages.

    Returns:
        `table` without the later lines of a repeated pair.

    Raises:
        ValueError: if a pair has two values of `x_label`: what is to be
            predicted would be seen in training.
    """
    users = table["userID"].to_numpy()
    items = table["itemID"].to_numpy()
    keys = users * (items.max() + 1) + items
    order = np.argsort(keys, kind="stable")
    repeats = np.flatnonzero(keys[order][1:] == keys[order][:-1]) + 1
    if not len(repeats):
        return table
    lines = table.index.to_numpy()[order]
    if "x_label" in table:
        labels = table["x_label"].to_numpy()[order]
        leaks = repeats[labels[repeats] != labels[repeats - 1]]
        if len(leaks):
            row = order[leaks[0]]
            parts = [PARTS[label] for label in labels[leaks[0] - 1 :][:2]]
            raise ValueError(
                f"{path}: a user-item pair must be in one part only. "
                f"Received: {len(leaks)} in two, the first user {users[row]}, "
                f"item {items[row]}, in {parts[0]} on line "
                f"{lines[leaks[0] - 1]} and in {parts[1]} on line "
                f"{lines[leaks[0]]}"
            )
    row = order[repeats[0]]
    warnings.warn(
        f"{path}: {len(repeats)} duplicate rows, the first on line "
        f"{lines[repeats[0]]} (user {users[row]}, item {items[row]}, as on "
        f"line {lines[repeats[0] - 1]}). Each pair is kept once.",
        stacklevel=2,
    )
    kept = np.ones(len(table), bool)
    kept[order[repeats]] = False
    return table[kept]


def drop_cold_users(
    table: pd.DataFrame, labels: np.ndarray, path: Path
) -> tuple[pd.DataFrame, np.ndarray]:
    """Removes the held-out rows of users who have no training row.

    Args:
        table: DataFrame with `userID`, indexed by the line number.
        labels: Integer array of shape `(rows,)`, indices into `PARTS`.
        path: The file, for the messages.

    Returns:
        The rows of `table` and of `labels` that are left, with a warning if
        that is not all of them.
    """
    users = table["userID"].to_numpy()
    trained = np.zeros(users.max() + 1, bool)
    trained[users[labels == 0]] = True
    kept = trained[users]
    if kept.all():
        return table, labels
    first = np.flatnonzero(~kept)[0]
    warnings.warn(
        f"{path}: {len(np.unique(users[~kept]))} users without training rows, "
        f"the first user {users[first]} (line {table.index[first]}). Their "
        f"{(~kept).sum()} validation and test rows are not evaluated.",
        stacklevel=2,
    )
    return table[kept], labels[kept]


def build_interactions(
    table: pd.DataFrame,
    labels: np.ndarray,
    path: Path,
    num_users: int,
    num_items: int,
    split: str,
    split_seed: int | None,
) -> Interactions:
    """Sorts the rows of a table into the three parts.

    Args:
        table: DataFrame with `userID` and `itemID`, without repeated pairs,
            indexed by the line number.
        labels: Integer array of shape `(rows,)`: 0 train, 1 validation,
            2 test.
        path: The file, for the messages.
        num_users: Integer, above all user ids.
        num_items: Integer, above all item ids.
        split: String, recorded.
        split_seed: Integer or `None`, recorded.

    Returns:
        An `Interactions`. Users without training rows are evaluated nowhere.

    Raises:
        ValueError: if a part is empty.
    """
    table, labels = drop_cold_users(table, labels, path)
    pairs = table[["userID", "itemID"]].to_numpy()
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0], labels))]
    sizes = np.bincount(labels, minlength=3)
    if not sizes.all():
        described = ", ".join(
            f"{size} {part}" for part, size in zip(PARTS, sizes)
        )
        raise ValueError(
            f"{path}: each part must have at least one row. "
            f"Received: {described} rows by split={split!r}"
        )
    train, validation, test = np.split(
        pairs.astype(np.int32), np.cumsum(sizes)[:2]
    )
    return Interactions(
        num_users=num_users,
        num_items=num_items,
        train=train,
        validation=validation,
        test=test,
        split=split,
        split_seed=split_seed,
    )

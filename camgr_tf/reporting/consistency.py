"""Finds pairs of recall and NDCG that no ranking can have.

A hit adds `1 / T` to the recall of a user with `T` test items, and
`1 / log2(rank + 1)` over the ideal gain of `min(K, T)` hits to the NDCG. So a
mean recall fixes a range for the mean NDCG: lowest if all hits lie at the
last ranks of the window, highest at the first ranks. How users share the hits
is chosen for the worst case, given how many users have how many test items.

For users with `T <= 10` both cutoffs have the same ideal gain, and hits at
ranks 11 to 20 add at least `1 / log2(21) = 0.2277` of NDCG per unit of recall.
With more test items the ideal gain of cutoff 20 is larger and NDCG may fall;
the bound allows for the largest possible fall of all such users.
"""

from dataclasses import dataclass

import numpy as np

# Without a known distribution, each user is taken to have 1 to 10 test items.
ASSUMED_TEST_ITEMS = 10


@dataclass(frozen=True)
class Impossible:
    """A figure outside the range that another one leaves for it.

    Args:
        quantity: String, such as `"ndcg@20 - ndcg@10"`.
        value: Float.
        lowest: Float.
        highest: Float.
    """

    quantity: str
    value: float
    lowest: float
    highest: float

    def __str__(self):
        return (
            f"{self.quantity} = {self.value:.4f}, possible are "
            f"{self.lowest:.4f} to {self.highest:.4f}"
        )


def find_impossible(values, test_items=None, decimals=None):
    """Checks one row of results.

    Args:
        values: Dictionary from a metric's name to its mean over users; of
            `recall` and `ndcg` at 10 and 20 those that are known.
        test_items: Dictionary from a number of test items to the number of
            users that have so many. Defaults to `None`: every user has at
            most 10, in unknown shares.
        decimals: Integer. Decimals that the values are rounded to. Defaults
            to `None`: they are exact.

    Returns:
        List of `Impossible`, empty if some ranking can have the values.
    """
    rounding = 1e-9 if decimals is None else 0.5 * 10.0**-decimals
    found = []

    def check(quantity, gain, recall, first, last, error):
        low, _ = ndcg_range(max(recall - error, 0), first, last, test_items)
        _, high = ndcg_range(recall + error, first, last, test_items)
        low, high = low - error, high + error
        if not low <= gain <= high:
            found.append(Impossible(quantity, gain, low, high))

    for k in (10, 20):
        recall, ndcg = values.get(f"recall@{k}"), values.get(f"ndcg@{k}")
        if recall is not None and ndcg is not None:
            check(f"ndcg@{k}", ndcg, recall, 1, k, rounding)
    names = [f"{n}@{k}" for n in ("recall", "ndcg") for k in (10, 20)]
    if all(values.get(name) is not None for name in names):
        gain = values["ndcg@20"] - values["ndcg@10"]
        recall = values["recall@20"] - values["recall@10"]
        if recall < -2 * rounding:
            found.append(Impossible("recall@20 - recall@10", recall, 0.0, 1.0))
        else:
            check("ndcg@20 - ndcg@10", gain, recall, 11, 20, 2 * rounding)
    return found


def ndcg_range(recall, first, last, test_items=None):
    """Range of the NDCG that hits within a window of ranks can add.

    Args:
        recall: Float. Mean recall that the hits add.
        first: Integer. First rank of the window, 1 or more.
        last: Integer. Its last rank, the cutoff.
        test_items: As for `find_impossible`. Defaults to `None`.

    Returns:
        Tuple of the lowest and the highest mean NDCG. Both are infinite, and
        so impossible, if no ranking adds so much recall.
    """
    if test_items is None:
        shares = dict.fromkeys(range(1, ASSUMED_TEST_ITEMS + 1), np.inf)
    else:
        total = sum(test_items.values())
        shares = {int(t): n / total for t, n in test_items.items()}
    discounts = 1 / np.log2(np.arange(2, last + 2))
    ideals = np.cumsum(discounts)
    window = discounts[first - 1 :]
    low, high, fall = [], [], 0.0
    for t, share in shares.items():
        ideal = ideals[min(t, last) - 1]
        hits = min(t, len(window))
        # NDCG per unit of recall of the user's first, second, ... hit.
        high += [(t * d / ideal, share / t) for d in window[:hits]]
        low += [(t * d / ideal, share / t) for d in window[::-1][:hits]]
        if t >= first > 1:
            fall += share * (1 - ideals[min(t, first - 1) - 1] / ideal)
    return (
        _fill(sorted(low), recall) - fall,
        _fill(sorted(high, reverse=True), recall),
    )


def _fill(segments, recall):
    """Gain of `recall`, spread over `(rate, capacity)` in this order."""
    total = 0.0
    for rate, capacity in segments:
        used = min(recall, capacity)
        total += rate * used
        recall -= used
        if recall <= 1e-12:
            return total
    return np.inf

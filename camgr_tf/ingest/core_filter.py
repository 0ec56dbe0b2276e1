"""Keeps the users and items that have enough interactions."""

import numpy as np


def filter_k_core(users, items, k: int) -> np.ndarray:
    """Finds the rows of the k-core of a bipartite graph.

    Users and items with fewer than `k` rows are removed until none is left.

    Args:
        users: Non-negative integer array of shape `(rows,)`.
        items: Non-negative integer array of shape `(rows,)`. Pairs are unique.
        k: Non-negative integer. `0` and `1` keep everything.

    Returns:
        Bool array of shape `(rows,)`, `True` for the rows that stay.

    Raises:
        ValueError: If `k` is not a non-negative integer.
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 0:
        raise ValueError(
            f"`k` must be a non-negative integer. Received: k={k!r}"
        )
    kept = np.ones(len(users), bool)
    while kept.any():
        enough = (np.bincount(users[kept], minlength=users.max() + 1) >= k)[
            users
        ] & (np.bincount(items[kept], minlength=items.max() + 1) >= k)[items]
        if (enough | ~kept).all():
            break
        kept &= enough
    return kept

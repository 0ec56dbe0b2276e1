"""Holds items out of training entirely, to see how new items are ranked."""

import numpy as np

# Value of `split` that asks for it.
COLD_ITEMS = "cold_items"
COLD_FRACTION = 0.2


def hold_out_items(
    items: np.ndarray,
    labels: np.ndarray,
    seed: int,
    fraction: float = COLD_FRACTION,
) -> np.ndarray:
    """Moves all rows of some items to the test part.

    The items are drawn from those with training rows. What is left has the
    parts it had, so that warm items are evaluated as before.

    Args:
        items: Integer array of shape `(rows,)`, the item of each row.
        labels: Integer array of shape `(rows,)`: 0 train, 1 validation,
            2 test.
        seed: Non-negative integer.
        fraction: Float above 0 and below 1. Share of the items that are held
            out, rounded, at least one. Defaults to `0.2`.

    Returns:
        Integer array of labels. The cold items are those that have no
        training row any more.

    Raises:
        ValueError: If `fraction` is out of range, or `seed` is no
            non-negative integer.
    """
    if not 0.0 < fraction < 1.0:
        raise ValueError(
            "`fraction` must be above 0 and below 1. "
            f"Received: fraction={fraction!r}"
        )
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(
            "`split_seed` must be a non-negative integer. "
            f"Received: split_seed={seed!r}"
        )
    trained = np.unique(items[labels == 0])
    count = max(1, round(fraction * len(trained)))
    rng = np.random.default_rng(seed)
    cold = rng.choice(trained, size=count, replace=False)
    return np.where(np.isin(items, cold), 2, labels)

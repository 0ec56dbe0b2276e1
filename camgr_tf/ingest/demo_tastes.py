"""The made-up world of the demo data: what items are and who likes them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

NUM_USERS = 600
NUM_ITEMS = 400
NUM_INTERACTIONS = 8000

#: The two tastes that a picture shows, and the two that a title names.
TASTES = {"color": 8, "shape": 4, "category": 6, "material": 5}

_MINIMUM_ROWS = 6
_TASTE_STRENGTH = 1.2
_POPULARITY_STRENGTH = 0.3
_START = 1_577_836_800  # 2020-01-01 in seconds
_DAY = 86_400


@dataclass(frozen=True, eq=False)
class DemoWorld:
    """Items, and what users took of them.

    Args:
        attributes: Dictionary of the names in `TASTES` to integer arrays of
            shape `(num_items,)`.
        interactions: DataFrame of `userID`, `itemID` and `timestamp`, sorted
            by user, then time.
    """

    attributes: dict[str, np.ndarray]
    interactions: pd.DataFrame


def make_world(rng: np.random.Generator) -> DemoWorld:
    """Draws items, tastes, and the choices that follow from them.

    The attributes of an item are drawn independently of each other, so that
    what a picture shows says nothing about the title. User `u` chooses item
    `i` in order of

    ```
    sum over tastes t of a[u, t, value of i in t] + popularity[i] + noise[u, i]
    ```

    where `noise` has a Gumbel distribution, which makes it a draw without
    replacement in proportion to the exponential of the other terms. Each
    user likes a few values of each taste.

    Args:
        rng: The source of all randomness.

    Returns:
        A `DemoWorld`.
    """
    attributes = {
        taste: rng.integers(num_values, size=NUM_ITEMS)
        for taste, num_values in TASTES.items()
    }
    utility = _POPULARITY_STRENGTH * rng.normal(size=(1, NUM_ITEMS))
    for taste, num_values in TASTES.items():
        liking = rng.normal(size=(NUM_USERS, num_values))
        utility = utility + _TASTE_STRENGTH * liking[:, attributes[taste]]
    utility = utility + rng.gumbel(size=(NUM_USERS, NUM_ITEMS))
    chosen = np.argsort(-utility, axis=1)
    kept = np.arange(NUM_ITEMS) < _draw_activity(rng)[:, None]
    table = pd.DataFrame(
        {
            "userID": np.repeat(np.arange(NUM_USERS), kept.sum(axis=1)),
            "itemID": chosen[kept],
        }
    )
    table["timestamp"] = _draw_times(rng, table["userID"].to_numpy())
    table = table.sort_values(["userID", "timestamp"], ignore_index=True)
    return DemoWorld(attributes, table)


def _draw_activity(rng):
    """Draws how many items each user takes, `NUM_INTERACTIONS` together."""
    spare = NUM_INTERACTIONS - _MINIMUM_ROWS * NUM_USERS
    weights = rng.exponential(size=NUM_USERS)
    takers = rng.choice(NUM_USERS, size=spare, p=weights / weights.sum())
    return _MINIMUM_ROWS + np.bincount(takers, minlength=NUM_USERS)


def _draw_times(rng, users):
    """Draws a time for each row: users start in one year, stay a season."""
    starts = rng.integers(365, size=NUM_USERS)[users]
    seconds = rng.integers(90 * _DAY, size=len(users))
    return _START + starts * _DAY + seconds

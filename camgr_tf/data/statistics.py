"""Counts that describe a dataset: the paper's Table 1, and degrees."""

import numpy as np
import pandas as pd

from camgr_tf.data.interactions import PARTS
from camgr_tf.data.interactions import Interactions


def summarize_interactions(interactions: Interactions) -> dict:
    """Counts users, items and interactions, and their density.

    ```
    density = interactions / (users * items)
    ```

    Args:
        interactions: The pairs of all parts.

    Returns:
        Dictionary of `users`, `items`, `interactions` and `density` (a
        fraction, not percent), then the rows of each part, `train`,
        `validation` and `test`.

    Reference: Table 1 of the CAmgr paper.
    """
    cells = interactions.num_users * interactions.num_items
    return {
        "users": interactions.num_users,
        "items": interactions.num_items,
        "interactions": interactions.num_interactions,
        "density": interactions.num_interactions / cells,
        **{part: len(pairs) for part, pairs in interactions.parts.items()},
    }


def count_degrees(
    interactions: Interactions, parts: tuple[str, ...] = PARTS
) -> tuple[np.ndarray, np.ndarray]:
    """Counts the interactions of each user and of each item.

    Args:
        interactions: The pairs of all parts.
        parts: The parts to count. Defaults to
            `("train", "validation", "test")`.

    Returns:
        Integer arrays of shapes `(num_users,)` and `(num_items,)`.

    Raises:
        ValueError: if a part is unknown.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown or isinstance(parts, str):
        raise ValueError(
            f"`parts` must be a tuple of {', '.join(PARTS)}. "
            f"Received: parts={parts!r}"
        )
    user_degrees = np.zeros(interactions.num_users, np.int64)
    item_degrees = np.zeros(interactions.num_items, np.int64)
    for part in parts:
        users, items = interactions.parts[part].T
        user_degrees += np.bincount(users, minlength=interactions.num_users)
        item_degrees += np.bincount(items, minlength=interactions.num_items)
    return user_degrees, item_degrees


def degree_distribution(degrees) -> pd.DataFrame:
    """Counts how many nodes have each degree.

    Args:
        degrees: Integer array of shape `(nodes,)`.

    Returns:
        DataFrame with the columns `degree` (those that occur, ascending),
        `nodes` (how many have it) and `share_at_least` (the fraction of nodes
        with that degree or more).
    """
    values, nodes = np.unique(degrees, return_counts=True)
    at_least = nodes[::-1].cumsum()[::-1]
    return pd.DataFrame(
        {
            "degree": values,
            "nodes": nodes,
            "share_at_least": at_least / len(degrees),
        }
    )

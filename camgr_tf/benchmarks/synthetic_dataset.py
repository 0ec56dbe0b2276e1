"""Datasets of any size whose degrees are spread as those of Amazon Baby."""

from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.benchmarks.synthetic_features import clustered_features
from camgr_tf.data.dataset import Dataset
from camgr_tf.data.interactions import Interactions
from camgr_tf.distinct import distinct

# Users, items and interactions of Amazon Baby and Clothing after the field's
# 5-core filter.
SIZES = {
    "baby": (19_445, 7_050, 160_792),
    "clothing": (39_387, 23_033, 278_677),
}
WIDTHS = {"image": 4096, "text": 384}

# Log-normal spreads that give the quantiles of Baby: half, 9 of 10 and 99 of
# 100 items have up to 8, 36 and 136 training interactions, users 4, 11, 25.
ITEM_SPREAD = 1.22
USER_SPREAD = 1.05
MIN_DEGREE = 5


def synthetic_dataset(size="baby", scale=1, widths=None, seed=0):
    """Users, items and interactions of a known dataset, times `scale`.

    Each user has 5 interactions and a log-normal number more; items are
    drawn by log-normal popularity, without repetition. A tenth of a user's
    pairs, one at least, is for validation and as many for testing.

    Args:
        size: String, key of `SIZES`. Defaults to `"baby"`.
        scale: Integer. Factor on users, items and interactions. Defaults to
            `1`.
        widths: Dictionary from a modality to the width of its features.
            Defaults to `None`: `WIDTHS`.
        seed: Integer. Defaults to `0`.

    Returns:
        `camgr_tf.data.Dataset` that lies in no folder.

    Raises:
        ValueError: For an unknown size, or a scale below 1.
    """
    if size not in SIZES:
        raise ValueError(
            f"`size` must be one of {sorted(SIZES)}. Received: size={size!r}"
        )
    if scale < 1:
        raise ValueError(f"`scale` must be 1 or more. Received: scale={scale}")
    num_users, num_items, num_pairs = (scale * n for n in SIZES[size])
    rng = np.random.default_rng(seed)
    pairs = draw_pairs(num_users, num_items, num_pairs, rng)
    parts = split_pairs(pairs, rng)
    widths = WIDTHS if widths is None else widths
    return Dataset(
        name=f"{size} x {scale}",
        folder=Path(f"{size}-{scale}"),
        interactions=Interactions(
            num_users, num_items, *parts, split="random", split_seed=seed
        ),
        features={
            modality: clustered_features(num_items, width, seed)
            for modality, width in widths.items()
        },
        has_modality={m: np.ones(num_items, bool) for m in widths},
        items=pd.DataFrame({"original_id": np.arange(num_items).astype(str)}),
        users=pd.DataFrame({"original_id": np.arange(num_users).astype(str)}),
        provenance={},
        content_hash=f"synthetic {size} {scale} {widths} {seed}",
    )


def draw_pairs(num_users, num_items, num_pairs, rng):
    """Distinct user-item pairs with long-tailed degrees on both sides.

    Args:
        num_users: Integer.
        num_items: Integer.
        num_pairs: Integer.
        rng: `numpy.random.Generator`.

    Returns:
        int32 array of shape `(num_pairs, 2)`, sorted by user, then item.
    """
    degrees = user_degrees(num_users, num_items, num_pairs, rng)
    return draw_items(degrees, item_shares(num_items, rng), rng)


def item_shares(num_items, rng):
    """Sums of the items' log-normal shares of all pairs, up to one.

    Args:
        num_items: Integer.
        rng: `numpy.random.Generator`.

    Returns:
        float64 array of shape `(num_items,)`.
    """
    popularity = np.cumsum(rng.lognormal(sigma=ITEM_SPREAD, size=num_items))
    popularity /= popularity[-1]
    return popularity


def draw_items(degrees, shares, rng):
    """Distinct items of each user, drawn by their shares.

    Args:
        degrees: Integer array of shape `(num_users,)`.
        shares: Array of shape `(num_items,)`, as of `item_shares`.
        rng: `numpy.random.Generator`.

    Returns:
        int32 array of shape `(num_pairs, 2)`, sorted by user, then item.
    """
    num_users, num_items = len(degrees), len(shares)
    users = np.repeat(np.arange(num_users), degrees)
    keys = np.empty(0, "int64")
    while len(users):
        items = np.searchsorted(shares, rng.random(len(users)), "right")
        keys = distinct(np.append(keys, users * num_items + items))
        # Those whose item was a repetition draw again.
        missing = degrees - np.bincount(keys // num_items, minlength=num_users)
        users = np.repeat(np.arange(num_users), missing)
    return np.stack([keys // num_items, keys % num_items], 1).astype("int32")


def split_pairs(pairs, rng):
    """Training, validation and test pairs of each user, at random.

    Args:
        pairs: Integer array of shape `(num_pairs, 2)`, sorted by user.
        rng: `numpy.random.Generator`.

    Returns:
        List of three arrays of the same form, each in the same order.
    """
    degrees = np.bincount(pairs[:, 0])
    held_out = held_out_degrees(degrees)
    order = np.lexsort((rng.random(len(pairs)), pairs[:, 0]))
    places = np.arange(len(pairs)) - np.repeat(
        np.cumsum(degrees) - degrees, degrees
    )
    limits = np.repeat(held_out, degrees)
    part = np.empty(len(pairs), int)
    part[order] = np.where(
        places < limits, 2, np.where(places < 2 * limits, 1, 0)
    )
    return [pairs[part == label] for label in range(3)]


def held_out_degrees(degrees):
    """Pairs of each user that are for validation; as many are for testing."""
    return np.maximum(1, degrees // 10)


def user_degrees(num_users, num_items, num_pairs, rng):
    """How many pairs each user has: 5, and a log-normal number more.

    Args:
        num_users: Integer.
        num_items: Integer.
        num_pairs: Integer.
        rng: `numpy.random.Generator`.

    Returns:
        Integer array of shape `(num_users,)`.
    """
    surplus = num_pairs - MIN_DEGREE * num_users
    draws = rng.lognormal(sigma=USER_SPREAD, size=num_users)
    # Enough items are left that repetitions end soon.
    longest = max(0, num_items // 10 - MIN_DEGREE)
    draws = np.minimum(draws * surplus / draws.sum(), longest)
    degrees = MIN_DEGREE + np.floor(draws).astype(int)
    left = num_pairs - degrees.sum()
    # What rounding left goes to users at random.
    degrees += np.bincount(
        rng.integers(num_users, size=left), minlength=num_users
    )
    return degrees

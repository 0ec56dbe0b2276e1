"""A tiny data set, a batch of it, and features with ties."""

from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.dataset import Dataset
from camgr_tf.data.interactions import Interactions

# User 6 has no training item, item 8 no user: both must be survived.
TINY_TRAIN = [
    (0, 0), (0, 1), (0, 2),
    (1, 1), (1, 3),
    (2, 2), (2, 3), (2, 4), (2, 5),
    (3, 0), (3, 5), (3, 6),
    (4, 6), (4, 7),
    (5, 1), (5, 4), (5, 7),
]  # fmt: skip
TINY_VALIDATION = [(0, 3), (1, 2), (2, 0), (3, 7), (4, 5), (5, 8)]
TINY_TEST = [(0, 4), (1, 0), (2, 6), (2, 7), (3, 1), (4, 2), (5, 3)]


def tiny_dataset(widths=(("image", 5), ("text", 4)), seed=0):
    """Seven users, nine items and random features.

    Args:
        widths: Tuple of `(modality, width)` pairs. Defaults to
            `(("image", 5), ("text", 4))`.
        seed: Integer. Of the features. Defaults to `0`.

    Returns:
        `camgr_tf.data.Dataset` that lies in no folder.
    """
    rng = np.random.default_rng(seed)
    interactions = Interactions(
        num_users=7,
        num_items=9,
        train=np.array(TINY_TRAIN, "int32"),
        validation=np.array(TINY_VALIDATION, "int32"),
        test=np.array(TINY_TEST, "int32"),
        split="file",
        split_seed=None,
    )
    return Dataset(
        name="tiny",
        folder=Path("tiny"),
        interactions=interactions,
        features={
            modality: rng.normal(size=(9, width)).astype("float32")
            for modality, width in widths
        },
        has_modality={modality: np.ones(9, bool) for modality, _ in widths},
        items=pd.DataFrame({"original_id": [f"item{i}" for i in range(9)]}),
        users=pd.DataFrame({"original_id": [f"user{u}" for u in range(7)]}),
        provenance={},
        content_hash="tiny",
    )


def tiny_batch():
    """Four training rows with negatives, as keyword arguments of a loss."""
    return {
        "user_ids": np.array([0, 2, 2, 5], "int32"),
        "positive_item_ids": np.array([1, 4, 3, 7], "int32"),
        "negative_item_ids": np.array([5, 0, 8, 2], "int32"),
    }


# Rows 1 and 3 have the cosine 2 / sqrt(5),
# rows 2 and 3 the cosine 1 / sqrt(5).
COSINE_ROWS = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], "float32")


def tied_features(num_items=60, width=7, seed=0):
    """Random rows, of which some are equal, parallel or zero.

    Args:
        num_items: Integer. Defaults to `60`.
        width: Integer. Defaults to `7`.
        seed: Integer. Defaults to `0`.

    Returns:
        float32 array of shape `(num_items, width)`.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_items, width)).astype("float32")
    features[20:30] = features[3]
    features[30:33] = 4.0 * features[3]
    features[7:60:33] = 0.0
    return features

"""A dataset folder of a few rows, for tests."""

import numpy as np
import pandas as pd

from camgr_tf.testing.tiny_data import TINY_TEST
from camgr_tf.testing.tiny_data import TINY_TRAIN
from camgr_tf.testing.tiny_data import TINY_VALIDATION
from camgr_tf.testing.tiny_data import tiny_dataset


def write_tiny_folder(root, name="tiny", seed=0):
    """Writes `tiny_dataset` in MMRec's format.

    Args:
        root: Path of the data root.
        name: String. Name of the dataset. Defaults to `"tiny"`.
        seed: Integer. Of the features. Defaults to `0`.

    Returns:
        Path of the dataset's folder.
    """
    folder = root / name
    folder.mkdir(parents=True)
    parts = (TINY_TRAIN, TINY_VALIDATION, TINY_TEST)
    rows = [
        (user, item, label)
        for label, pairs in enumerate(parts)
        for user, item in pairs
    ]
    pd.DataFrame(rows, columns=["userID", "itemID", "x_label"]).to_csv(
        folder / f"{name}.inter", sep="\t", index=False
    )
    for modality, features in tiny_dataset(seed=seed).features.items():
        np.save(folder / f"{modality}_feat.npy", features)
    return folder

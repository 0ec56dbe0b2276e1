"""Writes a dataset folder whole, or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.catalog import write_catalog
from camgr_tf.data.interaction_table import read_interaction_table
from camgr_tf.replaced_folder import replace_folder


@contextlib.contextmanager
def staged_folder(target: Path, overwrite: bool = False) -> Iterator[Path]:
    """Gives a temporary folder that becomes `target` if all goes well.

    The temporary folder is a hidden sibling of `target`. It is renamed at the
    end of the `with` block, and removed if the block raises: `target` never
    holds half of a dataset. (A process that is killed leaves the hidden
    folder behind, which nothing reads.)

    Args:
        target: The folder to make.
        overwrite: Boolean. Whether an older dataset of that name may be
            replaced. Defaults to `False`.

    Yields:
        The path of the temporary folder.

    Raises:
        FileExistsError: If `target` exists, unless it is a dataset folder and
            `overwrite` is `True`.
    """
    target = Path(target)
    _check_target(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_name(f".{target.name}.partial-{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
        # Something may have come into being meanwhile.
        _check_target(target, overwrite)
        retired = target.with_name(f".{target.name}.replaced-{os.getpid()}")
        replace_folder(staging, target, retired)
        if retired.exists():
            shutil.rmtree(retired)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def write_dataset(
    folder: Path,
    name: str,
    table: pd.DataFrame,
    features: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    items: pd.DataFrame,
    users: pd.DataFrame,
) -> None:
    """Writes the files of a dataset, except its provenance.

    Args:
        folder: An existing folder.
        name: String, the dataset's name: the stem of its `.inter` file.
        table: DataFrame with `userID`, `itemID`, `x_label` and further
            columns, written tab separated in the order of its rows.
        features: Dictionary of modality to float array of shape
            `(num_items, width)`, written as float32.
        masks: Dictionary of modality to bool array of shape `(num_items,)`,
            `False` where the row of features was imputed.
        items: DataFrame indexed by `itemID`, with `original_id`.
        users: DataFrame indexed by `userID`, with `original_id`.

    Raises:
        ValueError: If a table cannot be written so that it is read as it is.
    """
    folder = Path(folder)
    path = folder / f"{name}.inter"
    table.to_csv(path, sep="\t", index=False, lineterminator="\n")
    read = read_interaction_table(path, ("x_label", "timestamp"))
    if not all(
        np.array_equal(values.to_numpy(), table[name].to_numpy())
        for name, values in read.items()
    ):
        raise ValueError(
            f"{path}: expected the rows that were written. Received: others, "
            "when it was read again"
        )
    for modality, array in features.items():
        np.save(
            folder / f"{modality}_feat.npy",
            array.astype(np.float32, copy=False),
        )
    for modality, mask in masks.items():
        np.save(folder / f"{modality}_mask.npy", mask.astype(bool))
    write_catalog(items.rename_axis("itemID"), folder / "items.csv")
    write_catalog(users.rename_axis("userID"), folder / "users.csv")


def _check_target(target, overwrite):
    if not target.exists():
        return
    if not overwrite:
        raise FileExistsError(
            f"{target} exists. Pass `overwrite=True` (`--overwrite`) to "
            "replace it, or choose another name"
        )
    if not (target / f"{target.name}.inter").is_file():
        raise FileExistsError(
            f"{target} exists and is no dataset folder (it has no "
            f"{target.name}.inter), so it is not overwritten"
        )

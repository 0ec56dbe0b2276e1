"""Ids that leave most numbers out, and what that would cost."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

_HARMLESS = 10_000  # numbers without an owner that nobody notices
_EMBEDDING_BYTES = 64 * 4


def check_id_range(
    path: Path, ids: pd.Series, catalog: pd.DataFrame | None
) -> None:
    """Refuses ids of which more than nine in ten stand for nobody.

    A model has a row in its tables for each number up to the largest id.

    Args:
        path: The file, for the message.
        ids: Column of ids, indexed by the line.
        catalog: What `read_catalog` returned. Its ids exist too.

    Raises:
        ValueError: If more than nine in ten of the numbers, and more than
            10,000, are in neither. Above half of them it is a warning.
    """
    known = np.unique(ids.to_numpy())
    if catalog is not None:
        known = np.union1d(known, catalog.index.to_numpy())
    num_ids = int(known[-1]) + 1
    num_unknown = num_ids - len(known)
    if num_unknown <= max(_HARMLESS, len(known)):
        return
    found = (
        f"{path}: of the {num_ids:,} values of `{ids.name}` up to the largest "
        f"({known[-1]}), {num_unknown:,} occur nowhere. An embedding table of "
        f"width 64 takes {_megabytes(num_ids)} instead of "
        f"{_megabytes(len(known))}, and training three times that. Number the "
        f"ids from 0 to {len(known) - 1}: `build catalog` does so for any "
        "table, and keeps yours as original_id"
    )
    if num_unknown > 9 * len(known):
        line = ids.index[ids.to_numpy().argmax()]
        raise ValueError(f"{found}. Received: {ids.max()} on line {line}")
    warnings.warn(found, stacklevel=3)


def _megabytes(num_ids):
    return f"{num_ids * _EMBEDDING_BYTES / 1e6:,.2f} MB"

"""Reads what is known of items and users besides their interactions."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.text_table import read_text_table
from camgr_tf.data.text_table import refuse_rows


def read_catalog(path: Path, id_column: str) -> pd.DataFrame | None:
    """Reads `items.csv` or `users.csv`.

    Args:
        path: The file, comma separated, with a header.
        id_column: String, `"itemID"` or `"userID"`; the column of 0-based ids.

    Returns:
        DataFrame of strings, indexed by id and sorted by it, or `None` if
        there is no such file. Empty fields are empty strings.

    Raises:
        ValueError: if the columns `id_column` or `original_id` are missing,
            or an id is not a non-negative integer or is there twice.
    """
    if not path.is_file():
        return None
    table = read_text_table(path, ",", warn_of_lost_rows=False)
    missing = {id_column, "original_id"}.difference(table.columns)
    if missing:
        raise ValueError(
            f"{path}: the header must name the columns {id_column} and "
            f"original_id. Missing: {', '.join(sorted(missing))}. "
            f"Received: {list(table.columns)}"
        )
    refuse_rows(
        path,
        table[id_column],
        ~table[id_column].str.fullmatch("[0-9]{1,10}"),
        "a non-negative integer",
    )
    ids = table.pop(id_column).astype(np.int64)
    twice = np.flatnonzero(ids.duplicated())
    if len(twice):
        raise ValueError(
            f"{path}, row {ids.index[twice[0]]} below the header: each "
            f"`{id_column}` must be there once. Received: "
            f"{ids.iloc[twice[0]]} again"
        )
    return table.set_index(pd.Index(ids, name=id_column)).sort_index()


def complete_catalog(
    table: pd.DataFrame | None, path: Path, id_column: str, size: int
) -> pd.DataFrame:
    """Gives a catalog exactly one row for each id below `size`.

    Args:
        table: What `read_catalog` returned.
        path: The file, for the message.
        id_column: String, the name of the index.
        size: Integer, the number of ids.

    Returns:
        DataFrame with the index `0` to `size - 1`. Rows that the file does
        not have get empty strings, and their id as `original_id`.

    Raises:
        ValueError: if the table has an id of `size` or more.
    """
    ids = pd.RangeIndex(size, name=id_column)
    if table is None:
        return pd.DataFrame({"original_id": ids.astype(str)}, index=ids)
    if len(table) and table.index[-1] >= size:
        raise ValueError(
            f"{path}: expected values of `{id_column}` below {size}, the "
            f"number of ids in the other files. Received: {table.index[-1]}"
        )
    known = ids.isin(table.index)
    table = table.reindex(ids, fill_value="")
    table.loc[~known, "original_id"] = ids[~known].astype(str)
    return table


def write_catalog(table: pd.DataFrame, path: Path) -> None:
    """Writes a table with a named index in the form that `read_catalog` reads.

    All strings are quoted: Python's `csv` leaves a carriage return unquoted
    in some versions and not in others.

    Args:
        table: DataFrame whose index has the name of the id column.
        path: The file.

    Raises:
        ValueError: If the file does not hold the same table when it is read
            again, for example because a text has a NUL.
    """
    table.to_csv(path, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    read = read_catalog(path, table.index.name)
    expected = table.sort_index().astype(str)
    if read.shape != expected.shape or not np.array_equal(
        read.to_numpy(object), expected.to_numpy(object)
    ):
        raise ValueError(
            f"{path}: expected the table that was written. Received: another, "
            "when it was read again"
        )

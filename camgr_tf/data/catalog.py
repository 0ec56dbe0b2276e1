"""Reads what is known of items and users besides their interactions."""

import csv
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


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
    try:
        with warnings.catch_warnings():
            # Otherwise fields beyond the header are dropped.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path, dtype=str, keep_default_na=False, index_col=False
            )
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        UnicodeDecodeError,
    ) as error:
        raise ValueError(
            f"{path}: expected comma separated UTF-8 text with a header. "
            f"Received: {error}"
        ) from error
    missing = {id_column, "original_id"}.difference(table.columns)
    if missing:
        raise ValueError(
            f"{path}: the header must name the columns {id_column} and "
            f"original_id. Missing: {', '.join(sorted(missing))}. "
            f"Received: {list(table.columns)}"
        )
    wrong = np.flatnonzero(~table[id_column].str.fullmatch("[0-9]{1,10}"))
    if len(wrong):
        raise ValueError(
            f"{path}, row {wrong[0] + 1} below the header: `{id_column}` must "
            "be a non-negative integer. "
            f"Received: {table[id_column].iloc[wrong[0]]!r}"
        )
    ids = table.pop(id_column).astype(np.int64)
    twice = np.flatnonzero(ids.duplicated())
    if len(twice):
        raise ValueError(
            f"{path}, row {twice[0] + 1} below the header: each `{id_column}` "
            f"must be there once. Received: {ids.iloc[twice[0]]} again"
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

    Args:
        table: DataFrame whose index has the name of the id column.
        path: The file.
    """
    table.to_csv(path, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")

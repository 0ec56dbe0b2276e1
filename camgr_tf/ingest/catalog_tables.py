"""Reads a user's own tables of interactions and items, CSV or Parquet."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

INTERACTION_COLUMNS = ("user", "item", "rating", "timestamp")
ITEM_COLUMNS = ("item", "title", "description", "image")


def read_interactions(
    path: Path, columns: dict[str, str] | None = None, encoding: str = "utf-8"
) -> pd.DataFrame:
    """Reads who interacted with what.

    Args:
        path: A `.csv`, `.tsv` (each also `.gz`) or `.parquet` file with a
            header.
        columns: Optional dictionary that maps `"user"`, `"item"`, `"rating"`
            and `"timestamp"` to the names in the file. Defaults to `None`,
            these names themselves.
        encoding: String, of text files. Defaults to `"utf-8"`.

    Returns:
        DataFrame of `user` and `item`, strings exactly as in the file; and,
        where the file has them, `rating` (float, NaN where empty) and
        `timestamp` (integer seconds, from numbers or from dates such as
        2024-05-31 12:00, taken as UTC). Indexed by the row below the header,
        from 1.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, misses a column, or has an
            empty id or a value that is not as above.
    """
    path = Path(path)
    table = _select(
        path, _read_table(path, encoding), columns, INTERACTION_COLUMNS, 2
    )
    for column in ("user", "item"):
        _refuse(
            path,
            table[column],
            table[column].str.strip() == "",
            "a non-empty id",
        )
    if "rating" in table:
        table["rating"] = _parse_ratings(path, table["rating"])
    if "timestamp" in table:
        table["timestamp"] = _parse_timestamps(path, table["timestamp"])
    return table


def read_items(
    path: Path, columns: dict[str, str] | None = None, encoding: str = "utf-8"
) -> pd.DataFrame:
    """Reads what is known of the items.

    Args:
        path: As in `read_interactions`.
        columns: Optional dictionary that maps `"item"`, `"title"`,
            `"description"` and `"image"` to the names in the file. Defaults
            to `None`, these names themselves.
        encoding: String, of text files. Defaults to `"utf-8"`.

    Returns:
        DataFrame of strings, indexed by `item`; `title`, `description` and
        `image` where the file has them, empty where it says nothing.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, misses the column `item`, has
            none of the others, or has an empty id or one twice.
    """
    path = Path(path)
    table = _select(path, _read_table(path, encoding), columns, ITEM_COLUMNS, 1)
    if len(table.columns) == 1:
        raise ValueError(
            f"{path}: expected at least one of the columns title, description "
            f"and image. Received: {list(table.columns)}"
        )
    ids = table["item"]
    _refuse(path, ids, ids.str.strip() == "", "a non-empty id")
    again = ids.duplicated()
    if again.any():
        row = again.idxmax()
        first = ids.index[ids == ids[row]][0]
        raise ValueError(
            f"{path}, row {row} below the header: each item must be there "
            f"once. Received: {ids[row]!r} again, first on row {first} "
            f"({again.sum()} such rows)"
        )
    return table.set_index("item")


def _read_table(path, encoding):
    """All columns as strings, without missing values."""
    if not path.is_file():
        raise FileNotFoundError(f"No such file. Expected: {path}")
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    try:
        if suffix == ".parquet":
            table = pd.read_parquet(path)
        elif suffix in (".csv", ".tsv"):
            table = _read_text(
                path, "," if suffix == ".csv" else "\t", encoding
            )
        else:
            raise ValueError("its name ends in none of .csv, .tsv, .parquet")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected text in {encoding}. Received: {error}. Save it "
            "as UTF-8, or pass its `encoding`, such as latin-1"
        ) from error
    except (ValueError, OSError, EOFError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path}: expected a table with a header. Received: {error}"
        ) from error
    if not len(table):
        raise ValueError(f"{path}: expected rows. Received: none")
    table.index = pd.RangeIndex(1, 1 + len(table))
    return table.apply(_as_strings)


def _read_text(path, separator, encoding):
    with warnings.catch_warnings():
        # Rows longer than the header would be cut with only a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            sep=separator,
            dtype=str,
            na_filter=False,
            index_col=False,
            encoding="utf-8-sig" if encoding == "utf-8" else encoding,
        )


def _as_strings(column):
    missing = column.isna()
    if (
        pd.api.types.is_float_dtype(column)
        and (column[~missing] % 1 == 0).all()
    ):
        column = column.astype("Int64")
    return column.astype(str).where(~missing, "")


def _select(path, table, columns, known, num_required):
    """The known columns that the table has, under their own names."""
    columns = columns or {}
    names = {columns.get(column, column): column for column in known}
    required = [*known[:num_required], *columns]
    missing = [
        columns.get(column, column)
        for column in dict.fromkeys(required)
        if columns.get(column, column) not in table
    ]
    if missing:
        raise ValueError(
            f"{path}: the header must name {', '.join(missing)}. "
            f"Received: {list(table.columns)}"
        )
    present = [name for name in names if name in table]
    return table[present].rename(columns=names)


def _parse_ratings(path, texts):
    ratings = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    _refuse(path, texts, ~np.isfinite(ratings) & (texts != ""), "a number")
    return ratings


def _parse_timestamps(path, texts):
    numbers = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    if np.isfinite(numbers).all():
        return numbers.astype(np.int64)
    dates = pd.to_datetime(texts, errors="coerce", utc=True, format="mixed")
    wrong = dates.isna() | np.isfinite(numbers)
    _refuse(
        path,
        texts,
        wrong,
        "a number of seconds, or a date, but the same in all rows",
    )
    epoch = pd.Timestamp(0, tz="UTC")
    return (dates - epoch) // pd.Timedelta(seconds=1)


def _refuse(path, texts, wrong, expected):
    if wrong.any():
        row = wrong.idxmax()
        raise ValueError(
            f"{path}, row {row} below the header: `{texts.name}` must be "
            f"{expected}. Received: {texts[row]!r} ({wrong.sum()} such rows)"
        )

"""Reads a user's own tables of interactions and items, CSV or Parquet."""

import codecs
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.text_table import read_text_table
from camgr_tf.data.text_table import refuse_rows
from camgr_tf.ingest.catalog_ids import check_ids
from camgr_tf.ingest.parquet_table import read_parquet_table
from camgr_tf.ingest.timestamps import parse_timestamps

INTERACTION_COLUMNS = ("user", "item", "rating", "timestamp")
ITEM_COLUMNS = ("item", "title", "description", "image")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def read_interactions(
    path: Path,
    columns: dict[str, str] | None = None,
    encoding: str = "utf-8",
    timestamp_format: str | None = None,
) -> pd.DataFrame:
    """Reads who interacted with what.

    Args:
        path: A `.csv`, `.tsv` (each also `.gz`) or `.parquet` file with a
            header.
        columns: Optional dictionary that maps `"user"`, `"item"`, `"rating"`
            and `"timestamp"` to the names in the file. Defaults to `None`,
            these names themselves.
        encoding: String, of text files. Defaults to `"utf-8"`.
        timestamp_format: String, the form of the dates, as of
            `datetime.strptime`. Defaults to `None`: it is found out, or asked
            for where the rows allow two.

    Returns:
        DataFrame of `user` and `item`, categories of strings exactly as in
        the file; and, where the file has them, `rating` (float, NaN where
        empty) and `timestamp` (numbers as they are; dates such as 2024-05-31
        12:00 as seconds since 1970, taken as UTC where they name no zone).
        Indexed by the row below the header, from 1.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, misses a column, or has an
            empty id or a value that is not as above.
    """
    path = Path(path)
    table = _read_table(path, columns, INTERACTION_COLUMNS, 2, encoding)
    for name in table.columns.drop("timestamp", errors="ignore"):
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype("category")
    for name in ("user", "item"):
        check_ids(path, table[name])
    if "rating" in table:
        table["rating"] = _parse_ratings(path, table["rating"])
    if "timestamp" in table:
        table["timestamp"] = _parse_times(
            path, table["timestamp"], timestamp_format
        )
    elif timestamp_format is not None:
        raise ValueError(
            f"{path}: `timestamp_format` needs a column of timestamps. "
            f"Received: the columns {list(table.columns)}"
        )
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
    table = _read_table(path, columns, ITEM_COLUMNS, 1, encoding).astype(str)
    if len(table.columns) == 1:
        raise ValueError(
            f"{path}: expected at least one of the columns title, description "
            f"and image. Received: {list(table.columns)}"
        )
    ids = table["item"]
    check_ids(path, ids.astype("category"))
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


def _read_table(path, columns, known, num_required, encoding):
    """The known columns that there are, as strings under their own names."""
    names = {column: (columns or {}).get(column, column) for column in known}
    wanted = list(names.values())
    twice = sorted({name for name in wanted if wanted.count(name) > 1})
    if twice:
        keys = [key for key, name in names.items() if name == twice[0]]
        raise ValueError(
            "`columns` must give each column a name of its own. Received: "
            f"{' and '.join(keys)} are both {twice[0]!r}"
        )
    table = _read_columns(path, names, encoding)
    header = table.attrs["header"]
    required = dict.fromkeys([*known[:num_required], *(columns or {})])
    missing = [names[key] for key in required if names[key] not in header]
    if missing:
        hint = ""
        if len(header) == 1:
            hint = (
                ". That is one column: a .csv is separated by commas, a .tsv "
                "by tabs"
            )
        raise ValueError(
            f"{path}: the header must name {', '.join(missing)}. "
            f"Received: {header}{hint}"
        )
    if not len(table):
        raise ValueError(f"{path}: expected rows. Received: none")
    present = [key for key in known if names[key] in header]
    table = table[[names[key] for key in present]]
    return table.set_axis(present, axis="columns")


def _read_columns(path, names, encoding):
    """Those of the wanted columns that there are."""
    if not path.is_file():
        raise FileNotFoundError(f"No such file. Expected: {path}")
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ValueError(
            "`encoding` must be one that Python knows, such as utf-8, latin-1 "
            f"or cp1252. Received: encoding={encoding!r}"
        ) from error
    wanted = list(names.values())
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix in _SEPARATORS:
        return read_text_table(path, _SEPARATORS[suffix], encoding, wanted)
    if suffix == ".parquet":
        times = [names[key] for key in names if key == "timestamp"]
        numbers = [names[key] for key in names if key == "rating"] + times
        return _read_parquet(path, wanted, numbers, times)
    raise ValueError(
        f"{path}: expected a table with a header. Received: its name ends in "
        "none of .csv, .tsv, .parquet"
    )


def _read_parquet(path, wanted, numbers, times):
    table = read_parquet_table(path, wanted, numbers, times)
    for name, column in table.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            has_nul = column.cat.categories.str.contains("\0", regex=False)
            refuse_rows(
                path,
                column,
                has_nul[column.cat.codes],
                "text without the character NUL",
            )
    return table


def _parse_ratings(path, column):
    """The ratings of a column of numbers, or of different texts."""
    if pd.api.types.is_numeric_dtype(column):
        refuse_rows(path, column, np.isinf(column), "a number")
        return column.astype(np.float64)
    texts = pd.Series(column.cat.categories)
    ratings = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(ratings) & (texts != "").to_numpy()
    refuse_rows(path, column, wrong[column.cat.codes], "a number")
    return ratings[column.cat.codes]


def _parse_times(path, column, timestamp_format):
    """The times of a column of numbers, of times or of different texts."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return parse_timestamps(path, column, timestamp_format)
    # Of each text the first row.
    texts = column.drop_duplicates().astype(str)
    codes = column.cat.codes[texts.index]
    try:
        numbers = parse_timestamps(path, texts, timestamp_format)
    except ValueError:
        # Only now all rows, which the message counts.
        parse_timestamps(path, column.astype(str), timestamp_format)
        raise
    by_code = np.empty(len(column.cat.categories), numbers.dtype)
    by_code[codes] = numbers
    return by_code[column.cat.codes]

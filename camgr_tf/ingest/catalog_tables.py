"""Reads a user's own tables of interactions and items, CSV or Parquet."""

import codecs
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet

from camgr_tf.data.text_table import read_text_table
from camgr_tf.data.text_table import refuse_rows
from camgr_tf.ingest.catalog_ids import check_ids
from camgr_tf.ingest.timestamps import parse_timestamps

INTERACTION_COLUMNS = ("user", "item", "rating", "timestamp")
ITEM_COLUMNS = ("item", "title", "description", "image")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_EXACT = 2.0**53


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
        DataFrame of `user` and `item`, strings exactly as in the file; and,
        where the file has them, `rating` (float, NaN where empty) and
        `timestamp` (numbers as they are; dates such as 2024-05-31 12:00 as
        seconds since 1970, taken as UTC where they name no zone). Indexed by
        the row below the header, from 1.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, misses a column, or has an
            empty id or a value that is not as above.
    """
    path = Path(path)
    table = _read_table(path, columns, INTERACTION_COLUMNS, 2, encoding)
    for column in ("user", "item"):
        check_ids(path, table[column])
    if "rating" in table:
        table["rating"] = _parse_ratings(path, table["rating"])
    if "timestamp" in table:
        table["timestamp"] = parse_timestamps(
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
    table = _read_table(path, columns, ITEM_COLUMNS, 1, encoding)
    if len(table.columns) == 1:
        raise ValueError(
            f"{path}: expected at least one of the columns title, description "
            f"and image. Received: {list(table.columns)}"
        )
    ids = table["item"]
    check_ids(path, ids)
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
    table, header = _read_columns(path, wanted, encoding)
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


def _read_columns(path, wanted, encoding):
    """Those of the wanted columns that there are, and the whole header."""
    if not path.is_file():
        raise FileNotFoundError(f"No such file. Expected: {path}")
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ValueError(
            "`encoding` must be one that Python knows, such as utf-8, latin-1 "
            f"or cp1252. Received: encoding={encoding!r}"
        ) from error
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix in _SEPARATORS:
        table = read_text_table(path, _SEPARATORS[suffix], encoding, wanted)
        return table, table.attrs["header"]
    if suffix == ".parquet":
        return _read_parquet(path, wanted)
    raise ValueError(
        f"{path}: expected a table with a header. Received: its name ends in "
        "none of .csv, .tsv, .parquet"
    )


def _read_parquet(path, wanted):
    try:
        header = pyarrow.parquet.read_schema(path).names
        present = [name for name in wanted if name in header]
        table = pd.read_parquet(path, columns=present).apply(_as_strings)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(
            f"{path}: expected a table with a header. Received: {error}"
        ) from error
    table.index = pd.RangeIndex(1, 1 + len(table), name="row")
    for name in table if len(table) else ():
        refuse_rows(
            path,
            table[name],
            table[name].str.contains("\0", regex=False),
            "text without the character NUL",
        )
    return table, header


def _as_strings(column):
    """Integers that Parquet holds as floats become integers again."""
    missing = column.isna()
    if pd.api.types.is_float_dtype(column):
        known = column[~missing]
        if (known % 1 == 0).all() and (known.abs() <= _EXACT).all():
            column = column.astype("Int64")
    elif isinstance(column[~missing].get(column.first_valid_index()), bytes):
        column = column.str.decode("utf-8")
    return column.astype(str).where(~missing, "")


def _parse_ratings(path, texts):
    ratings = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    refuse_rows(path, texts, ~np.isfinite(ratings) & (texts != ""), "a number")
    return ratings

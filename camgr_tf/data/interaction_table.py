"""Reads a `.inter` file and refuses what it cannot read."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.exact_numbers import parse_numbers
from camgr_tf.data.exact_numbers import refuse_mixed_units

# What is read at one time.
BLOCK_BYTES = 16_000_000
BLOCK_ROWS = 1_000_000

MAX_ID = 2**31 - 2  # an id is an int32, and so is the number of ids


def read_interaction_table(
    path: Path, extra_columns: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Reads the user-item rows of a tab separated file with a header.

    Args:
        path: The file. It has the columns `userID` and `itemID`, 0-based
            integers.
        extra_columns: Those of `"x_label"` (0 train, 1 validation, 2 test) and
            `"timestamp"` (a number) that are read too, where the file has
            them. All other columns are ignored. Defaults to `()`.

    Returns:
        DataFrame of the columns that were read, indexed by the line number in
        the file (the header is line 1).

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file has no rows, misses a column, has a line with
            another number of fields than its header, or has a value that is
            not as above.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No interaction file. Expected: {path}, tab separated, with the "
            "columns userID, itemID and, unless a split rule is given, x_label"
        )
    content = _with_line_feeds(path.read_bytes())
    header = _read_header(path, content)
    _check_field_counts(path, content)
    columns = ["userID", "itemID"]
    columns += [column for column in extra_columns if column in header]
    table = _parse(content, columns)
    if not len(table):
        raise ValueError(
            f"{path}: expected rows below the header. Received: none"
        )
    for column in columns:
        if column == "timestamp":
            table[column] = _exact_times(path, content, table[column])
        else:
            _check_values(path, content, table[column])
    return table


def _with_line_feeds(content):
    """Lines end at a line feed; where there is none, at a carriage return."""
    content = content.replace(b"\r\n", b"\n")
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    return content.rstrip(b"\n")


def _read_header(path, content):
    """Returns the column names, which must include the two ids."""
    first_line = content.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    header = first_line.split("\t")
    missing = [name for name in ("userID", "itemID") if name not in header]
    if missing:
        hint = ""
        if content.startswith(b"\x1f\x8b"):
            hint = ". It is gzip: unpack the file"
        elif b"\0" in content[:100]:
            hint = ". It is UTF-16: save the file as UTF-8"
        elif len(header) == 1:
            hint = ". It has no tab: columns must be separated by tabs"
        raise ValueError(
            f"{path}, line 1: the header must name the columns userID and "
            f"itemID. Missing: {', '.join(missing)}. Received: {header}{hint}"
        )
    for name in ("userID", "itemID", "x_label", "timestamp"):
        if header.count(name) > 1:
            raise ValueError(
                f"{path}, line 1: the header must name each column once. "
                f"Received: {name} {header.count(name)} times"
            )
    return header


def _check_field_counts(path, content):
    """Raises at the first line that has more or fewer fields than line 1."""
    num_fields, line, start = None, 1, 0
    while start < len(content):
        # Whole lines of some megabytes: each tab has a place of eight bytes.
        stop = content.find(b"\n", start + BLOCK_BYTES) + 1 or len(content)
        text = np.frombuffer(content, np.uint8, stop - start, start)
        line_ends = np.flatnonzero(text == ord("\n"))
        if stop == len(content):
            line_ends = np.append(line_ends, len(text))
        tabs = np.flatnonzero(text == ord("\t"))
        counts = 1 + np.diff(np.searchsorted(tabs, line_ends), prepend=0)
        num_fields = num_fields or counts[0]
        wrong = np.flatnonzero(counts != num_fields)
        if len(wrong):
            raise ValueError(
                f"{path}, line {line + wrong[0]}: expected {num_fields} fields "
                "separated by tabs, as in the header. "
                f"Received: {counts[wrong[0]]}"
            )
        line, start = line + len(counts), stop


def _parse(content, columns, dtype=None):
    """Reads the columns, all as text with `dtype=str`."""
    blocks = pd.read_csv(
        io.BytesIO(content),
        sep="\t",
        lineterminator="\n",
        usecols=columns,
        dtype=dtype,
        index_col=False,
        na_filter=False,
        quoting=csv.QUOTE_NONE,
        skip_blank_lines=False,
        encoding="utf-8-sig",
        encoding_errors="replace",
        low_memory=False,
        chunksize=BLOCK_ROWS,
    )
    # While it is read, a field takes three times the room of its number.
    parts = {name: [] for name in columns}
    for block in blocks:
        for name in columns:
            parts[name].append(block[name].copy())
    table = pd.DataFrame(
        {name: pd.concat(parts.pop(name)) for name in columns}, copy=False
    )
    table.index = pd.RangeIndex(2, 2 + len(table), name="line")
    return table


def _check_values(path, content, column):
    """Raises at the first value that is not what its column must hold."""
    expected, is_valid_text, are_valid = {
        "userID": _ID_CHECK,
        "itemID": _ID_CHECK,
        "x_label": _LABEL_CHECK,
    }[column.name]
    if are_valid(column.to_numpy()):
        return
    # Only now the text itself: one bad value changed the type of the others.
    texts = _parse(content, [column.name], dtype=str)[column.name]
    line, text = next(
        (line, text) for line, text in texts.items() if not is_valid_text(text)
    )
    raise ValueError(
        f"{path}, line {line}: `{column.name}` must be {expected}. "
        f"Received: {text!r}"
    )


def _exact_times(path, content, column):
    """The column without rounding; its order decides the temporal splits."""
    values = column.to_numpy()
    if values.dtype != np.int64:
        column = _parse(content, [column.name], dtype=str)[column.name]
        values = parse_numbers(path, column)
    refuse_mixed_units(path, column, values)
    return values


# The checks of a text accept nothing that the parser refuses: so whenever it
# refused, there is a line to name.
def _is_id(text):
    return re.fullmatch("[0-9]{1,10}", text) and int(text) <= MAX_ID


def _are_ids(values):
    return (
        values.dtype == np.int64
        and values.min() >= 0
        and values.max() <= MAX_ID
    )


def _are_labels(values):
    return values.dtype == np.int64 and np.isin(values, (0, 1, 2)).all()


_ID_CHECK = (
    f"an integer from 0 to {MAX_ID}",
    _is_id,
    _are_ids,
)
_LABEL_CHECK = (
    "0 (train), 1 (validation) or 2 (test)",
    lambda text: text in ("0", "1", "2"),
    _are_labels,
)

"""Reads numbers whose order counts, exactly or not at all."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.text_table import refuse_rows

NUMBER = r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*"
_INTEGER = r"\s*[+-]?[0-9]+(?:\.0*)?\s*"
BOUND = 2.0**63
EXACT = 2.0**53


def parse_numbers(path: Path, texts: pd.Series) -> np.ndarray:
    """Numbers of decimal texts, in the order of their values.

    Args:
        path: The file, for the message.
        texts: Series of strings whose index is named `row` or `line`.

    Returns:
        int64 array, exact, if all are whole numbers; else a float64 array in
        which different numbers stay different.

    Raises:
        ValueError: If a text is no finite number, is `2**63` or more in
            magnitude, or two different numbers have the same float64.
    """
    values = whole_numbers(texts)
    if values is not None:
        return values
    refuse_rows(
        path,
        texts,
        ~texts.str.fullmatch(NUMBER),
        "a finite number, for example seconds",
    )
    values = texts.str.strip().map(float).to_numpy(np.float64)
    refuse_rows(
        path,
        texts,
        np.abs(values) >= BOUND,
        "a finite number below 2**63 in magnitude",
    )
    if texts.str.fullmatch(_INTEGER).all():
        whole = texts.str.strip().str.split(".").str[0]
        return whole.map(int).to_numpy(np.int64)
    if (values % 1 == 0).all() and (np.abs(values) <= EXACT).all():
        return values.astype(np.int64)
    _refuse_merged(path, texts, values)
    return values


def whole_numbers(texts: pd.Series) -> np.ndarray | None:
    """The int64 array of a column of plain integers, `None` of any other."""
    values = pd.to_numeric(texts, errors="coerce")
    return values.to_numpy() if values.dtype == np.int64 else None


def _refuse_merged(path, texts, values):
    """Raises if two different numbers have become one."""
    different = texts.str.strip().drop_duplicates()
    places = texts.index.get_indexer(different.index)
    first = {}
    merged = [
        first.setdefault(value, number) != number
        for value, number in zip(values[places], different.map(Decimal))
    ]
    wrong = np.zeros(len(texts), bool)
    wrong[places] = merged
    refuse_rows(
        path,
        texts,
        wrong,
        "a number that a 64-bit float tells from those of other rows: fewer "
        "digits, or whole numbers in a smaller unit",
    )


def refuse_mixed_units(
    path: Path, texts: pd.Series, values: np.ndarray
) -> None:
    """Refuses a column of both seconds and, say, milliseconds.

    Since 1970-01-02 seconds and milliseconds differ by a factor of 1000, and
    since 1973 all seconds are within a factor of 100.

    Args:
        path: The file, for the message.
        texts: The column as it is in the file.
        values: Array of its numbers.

    Raises:
        ValueError: If the numbers that are `1e8` or more are not within a
            factor of 100.
    """
    times = values[values > 0]
    if len(times) and 1e8 <= times.min() < times.max() / 100:
        small = values < times.max() / 100
        small &= values > 0
        rare = small if small.sum() * 2 <= len(values) else ~small
        refuse_rows(
            path,
            texts,
            rare,
            "in the same unit in all rows. The column seems to hold seconds "
            f"and milliseconds, from {times.min():g} to {times.max():g}",
        )

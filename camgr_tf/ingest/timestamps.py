"""Reads a column of times, in one form or not at all."""

from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.exact_numbers import BOUND
from camgr_tf.data.exact_numbers import EXACT
from camgr_tf.data.exact_numbers import NUMBER
from camgr_tf.data.exact_numbers import parse_numbers
from camgr_tf.data.exact_numbers import refuse_mixed_units
from camgr_tf.data.exact_numbers import whole_numbers
from camgr_tf.data.text_table import refuse_rows

_MONTHS = (
    "january february march april may june july august september october "
    "november december"
).split()
_MONTH_NUMBERS = {
    name[:length]: f"{month:02}"
    for month, name in enumerate(_MONTHS, start=1)
    for length in (3, 4, len(name))
}
_DAY_OF_WEEK = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?:\s*(?P<half>[AP])\.?M\.?)?"
    r"(?:\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)?\s*$"
)
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_FORMS = (
    r"\s*(?P<first>[0-9]{1,4})(?P<mark>[-./])(?P<middle>[0-9]{1,2})(?P=mark)"
    r"(?P<last>[0-9]{1,4})" + _TIME,
    rf"\s*{_DAY_OF_WEEK}{_DAY}[\s-]+{_MONTH}[\s,-]+(?P<year>[0-9]{{4}}){_TIME}",
    rf"\s*{_DAY_OF_WEEK}{_MONTH}\s+{_DAY},?\s+(?P<year>[0-9]{{4}}){_TIME}",
)
_NO_TIMES = ("", "nan", "nat", "na", "n/a", "null", "none", "inf", "-inf")
_ALL_ROWS = "a time in all rows, or the column is left out"
_ASK = (
    "; pass the column's `timestamp_format`, such as %d/%m/%Y %H:%M or %m/%d/%y"
)
_TOO_FINE = (
    "a time that a 64-bit float tells from those of other rows: at most six "
    "digits behind the second"
)
_EXPECTED = (
    "a number of seconds, or a date such as 2024-05-31 12:00, the same in all "
    "rows. For another form" + _ASK.removeprefix(";")
)


def parse_timestamps(
    path: Path, texts: pd.Series, timestamp_format: str | None = None
) -> np.ndarray:
    """Times as numbers whose order is that of the times.

    Numbers stay as they are, in whatever unit. Dates become seconds since
    1970, as UTC where they name no zone. All rows must be of one form: `day,
    month, year` or `month, day, year` is what every row allows, and where
    both are possible the format is asked for.

    Args:
        path: The file, for the messages.
        texts: Series of strings, or of numbers or datetime64 that need no
            reading, whose index is named `row`.
        timestamp_format: String, of `datetime.strptime`. Defaults to `None`:
            it is found out.

    Returns:
        Array, int64 where all are whole, else float64.

    Raises:
        ValueError: If a row is no time, the rows are of several forms, or
            nothing says which number is the day; and as in `parse_numbers`.
    """
    if timestamp_format is not None:
        texts = _whole(texts).astype(str)
    elif pd.api.types.is_datetime64_dtype(texts):
        return _from_times(path, texts)
    elif pd.api.types.is_float_dtype(texts):
        return _from_floats(path, texts)
    else:
        values = whole_numbers(texts)
        if values is not None:
            refuse_mixed_units(path, texts, values)
            return values
    refuse_rows(
        path,
        texts,
        texts.str.strip().str.lower().isin(_NO_TIMES),
        _ALL_ROWS,
    )
    if timestamp_format is not None:
        return _to_numbers(
            path, texts, *_by_format(path, texts, timestamp_format)
        )
    is_number = texts.str.fullmatch(NUMBER)
    if is_number.all():
        values = parse_numbers(path, texts)
        refuse_mixed_units(path, texts, values)
        return values
    if is_number.any():
        wrong = ~is_number if is_number.mean() > 0.5 else is_number
        refuse_rows(path, texts, wrong, _EXPECTED)
    fields = _match(path, texts)
    if "mark" in fields:
        fields = _order_fields(path, texts, fields)
    else:
        names = fields["month"].str.lower()
        refuse_rows(path, texts, ~names.isin(list(_MONTH_NUMBERS)), _EXPECTED)
        fields["month"] = names.map(_MONTH_NUMBERS)
    return _to_numbers(path, texts, *_to_seconds(path, texts, fields))


def _from_floats(path, column):
    refuse_rows(path, column, ~np.isfinite(column), _ALL_ROWS)
    refuse_rows(
        path,
        column,
        column.abs() >= BOUND,
        "a finite number below 2**63 in magnitude",
    )
    values = _whole(column).to_numpy()
    refuse_mixed_units(path, column, values)
    return values


def _whole(column):
    """Integers that a file holds as floats become integers again."""
    if pd.api.types.is_float_dtype(column):
        exact = (column.abs() <= EXACT) & (column % 1 == 0)
        if exact.all():
            return column.astype(np.int64)
    return column


def _from_times(path, times):
    """Seconds of datetime64, with what is behind them unless two merge."""
    refuse_rows(path, times, times.isna(), _ALL_ROWS)
    unit, _ = np.datetime_data(times.dtype)
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    numbers = times.to_numpy().view(np.int64)
    seconds, rest = np.divmod(numbers, per_second)
    if not rest.any():
        return seconds
    values = seconds + rest / per_second
    order = np.argsort(numbers, kind="stable")
    merged = np.zeros(len(times), bool)
    same = np.diff(values[order]) == 0
    merged[order[1:]] = same & (np.diff(numbers[order]) > 0)
    refuse_rows(path, times, merged, _TOO_FINE)
    return values


def _by_format(path, texts, timestamp_format):
    """Whole seconds, and what is beyond them in billionths as text."""
    try:
        dates = pd.to_datetime(
            texts, format=timestamp_format, utc=True, errors="coerce"
        )
        if "%" not in timestamp_format:
            raise ValueError("it names no part of a date")
    except ValueError as error:
        raise ValueError(
            "`timestamp_format` must be a format of datetime.strptime, such "
            f"as %d/%m/%Y. Received: {timestamp_format!r} ({error})"
        ) from error
    refuse_rows(
        path, texts, dates.isna(), f"a date of the form {timestamp_format}"
    )
    seconds = dates.dt.floor("s")
    billionths = 1000 * dates.dt.microsecond + dates.dt.nanosecond
    return _count_seconds(seconds), billionths.map("{:09}".format)


def _match(path, texts):
    """The parts of the one form that all rows have."""
    best = None
    for form in _FORMS:
        fields = texts.str.extract(f"(?i){form}")
        missing = fields.iloc[:, 0].isna()
        if best is None or missing.sum() < best[0].sum():
            best = missing, fields
    missing, fields = best
    refuse_rows(path, texts, missing, _EXPECTED)
    return fields


def _order_fields(path, texts, fields):
    """Names the three numbers of a date, by what all rows allow."""
    year_first = fields["first"].str.len() == 4
    year_last = fields["last"].str.len() == 4
    refuse_rows(
        path,
        texts,
        ~year_first & ~year_last,
        "a date with a year of four digits" + _ASK,
    )
    if year_first.any():
        refuse_rows(path, texts, ~year_first, _EXPECTED)
        names = {"first": "year", "middle": "month", "last": "day"}
        return fields.rename(columns=names)
    first = fields["first"].astype(int)
    middle = fields["middle"].astype(int)
    not_day_first, not_month_first = middle > 12, first > 12
    if not_day_first.any() and not_month_first.any():
        row = texts[not_month_first].index[0]
        refuse_rows(
            path,
            texts,
            not_day_first,
            f"a date with the day before the month, as on row {row} "
            f"({texts[row]!r}): one order in all rows",
        )
    if not (not_day_first.any() or not_month_first.any()):
        refuse_rows(
            path,
            texts,
            first != middle,
            "a date that tells the day from the month. No row of the column "
            "has a day above 12" + _ASK,
        )
    names = {"first": "day", "middle": "month", "last": "year"}
    if not_day_first.any():
        names = {"first": "month", "middle": "day", "last": "year"}
    return fields.rename(columns=names)


def _to_seconds(path, texts, fields):
    """Whole seconds, and what is beyond them as decimal digits."""
    has_zone = fields["zone"].notna()
    if has_zone.any():
        refuse_rows(
            path,
            texts,
            ~has_zone,
            "a time with its zone (such as Z or +02:00), as in other rows",
        )
    hours = fields["hour"].fillna("0").astype(int)
    half = fields["half"].str.upper()
    in_halves = half.notna()
    refuse_rows(
        path,
        texts,
        in_halves & ~hours.between(1, 12),
        "a time with an hour from 1 to 12 before AM or PM",
    )
    hours = hours.where(~in_halves, hours % 12 + 12 * (half == "P"))
    zones = fields["zone"].str.upper().replace(["UTC", "GMT"], "Z").fillna("Z")
    written = (
        fields["year"]
        + "-"
        + fields["month"].str.zfill(2)
        + "-"
        + fields["day"].str.zfill(2)
        + "T"
        + hours.astype(str).str.zfill(2)
        + ":"
        + fields["minute"].fillna("00")
        + ":"
        + fields["second"].fillna("00")
        + zones
    )
    dates = pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce")
    wrong = dates.isna() | (fields["year"] == "0000")
    refuse_rows(path, texts, wrong, "a date and time that exist")
    return _count_seconds(dates), fields["fraction"].fillna("")


def _count_seconds(dates):
    return dates.dt.as_unit("s").astype(np.int64)


def _to_numbers(path, texts, seconds, fractions):
    """Seconds with their fractions, unless two times become one."""
    fractions = fractions.str.rstrip("0")
    if (fractions == "").all():
        return seconds.to_numpy()
    values = seconds.to_numpy() + ("0." + fractions).map(float).to_numpy()
    times = pd.DataFrame(
        {"value": values, "seconds": seconds, "fraction": fractions}
    )
    different = times.drop_duplicates()
    merged = (
        different["value"].duplicated().reindex(texts.index, fill_value=False)
    )
    refuse_rows(path, texts, merged, _TOO_FINE)
    return values

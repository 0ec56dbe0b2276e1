"""Reads a text table, comma or tab separated, and swallows nothing of it."""

import codecs
import csv
import gzip
import io
import itertools
import operator
import re
import warnings
import zlib
from collections.abc import Container
from pathlib import Path

import numpy as np
import pandas as pd

_NAMES = {",": "commas", "\t": "tabs"}
# Those of UTF-32 first: one of them begins like one of UTF-16.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GZIP_MAGIC = b"\x1f\x8b"
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_QUOTE = re.compile(r'^"|\t"', re.MULTILINE)
_QUOTED = re.compile(r'(?:^|\t)"(?:[^"\t\n\r]|"")*"(?=\t|\r?$)', re.MULTILINE)
_ROWS_AT_ONCE = 100_000


def read_text_table(
    path: Path,
    separator: str,
    encoding: str = "utf-8",
    wanted: Container[str] | None = None,
    warn_of_lost_rows: bool = True,
) -> pd.DataFrame:
    """Reads the columns of a file with a header, as strings.

    A line ends at a line feed, with or without a carriage return before it.
    A carriage return elsewhere is a character, unless the file has no line
    feed at all. In a comma separated file, quotes are those of RFC 4180. In
    a tab separated file a line is a row; quotes are characters there, unless
    each field that begins with one also ends with one and doubles those
    between.

    Args:
        path: The file, gzipped or not.
        separator: String, `","` or a tab.
        encoding: String. Of a file without a byte order mark, which decides
            where there is one. Defaults to `"utf-8"`.
        wanted: Names of the columns to keep. Defaults to `None`, all.
        warn_of_lost_rows: Boolean. Whether a field with a line that looks
            like another row is worth a warning. Defaults to `True`.

    Returns:
        DataFrame of strings whose index, `row`, counts the rows below the
        header from 1; blank lines are counted and skipped. Its `attrs` hold
        all names of the file as `"header"`.

    Raises:
        ValueError: If the file is not complete gzip though it begins so or
            its name says so, is not in that encoding, holds a NUL, has a row
            with another number of fields than its header, a quote that is not
            closed, or a wanted column twice.
    """
    path = Path(path)
    text = _read_text(path, encoding)
    if "\n" in text:
        # To the `csv` module it would end the row; NUL was refused.
        text = re.sub("\r(?!\n)", "\0", text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=_quoting(path, text, separator),
        strict=True,
    )
    try:
        header = next(filter(None, reader), [])
        header = [name.replace("\0", "\r") for name in header]
        kept = [
            place
            for place, name in enumerate(header)
            if wanted is None or name in wanted
        ]
        _check_header(path, [header[place] for place in kept])
        columns, rows, within = _read_rows(
            path, reader, header, kept, separator
        )
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {reader.line_num}: expected a table with a header, "
            f"fields separated by {_NAMES[separator]} and each quotation mark "
            f"closed. Received: {error}"
        ) from error
    if within and warn_of_lost_rows:
        warnings.warn(
            f"{path}: {len(within)} rows hold between quotation marks a line "
            f"that looks like another row, the first is row {within[0]} below "
            "the header. If a mark is missing or too many there, rows are "
            "lost.",
            stacklevel=2,
        )
    table = pd.DataFrame(
        {header[place]: values for place, values in zip(kept, columns)},
        index=pd.Index(rows, name="row"),
        dtype=str,
    )
    if "\0" in text:
        table = table.apply(lambda column: column.str.replace("\0", "\r"))
    table.attrs["header"] = header
    return table


def refuse_rows(
    path: Path,
    texts: pd.Series,
    wrong: pd.Series | np.ndarray,
    expected: str,
) -> None:
    """Raises an error that names the first wrong value, if there is one.

    Args:
        path: The file.
        texts: The column as it is in the file, or its numbers; its index is
            named `row` or `line`.
        wrong: Bool Series or array of the same rows.
        expected: String, what the value must be.

    Raises:
        ValueError: If a value is wrong.
    """
    wrong = np.asarray(wrong, bool)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        place = f"line {texts.index[first]}"
        if texts.index.name != "line":
            place = f"row {texts.index[first]} below the header"
        (text,) = texts.iloc[[first]].tolist()
        raise ValueError(
            f"{path}, {place}: `{texts.name}` must be {expected}. "
            f"Received: {text!r} ({wrong.sum()} such rows)"
        )


def _read_text(path, encoding):
    content = _unzip(path, path.read_bytes())
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            encoding = name
            break
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise ValueError(
            "`encoding` must be one that Python knows, such as utf-8, latin-1 "
            f"or cp1252. Received: encoding={encoding!r}"
        ) from error
    except UnicodeError as error:
        line = 1 + content.count(b"\n", 0, getattr(error, "start", 0))
        example = "utf-16-le" if b"\0" in content else "latin-1"
        raise ValueError(
            f"{path}, line {line}: expected text in {encoding}. Received: "
            f"{error}. Save it as UTF-8, or pass its `encoding`, such as "
            f"{example}"
        ) from error
    wrong = _NO_CHARACTER.search(text)
    if wrong:
        line = 1 + text.count("\n", 0, wrong.start())
        raise ValueError(
            f"{path}, line {line}: expected text in {encoding}. Received: the "
            f"character {wrong[0]!r}, which no text holds. Is it UTF-16? Save "
            "it as UTF-8, or pass its `encoding`, such as utf-16-le"
        )
    return text


def _unzip(path, content):
    if content.startswith(_GZIP_MAGIC):
        try:
            return gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(
                f"{path}: expected a complete gzip file. Received: it is "
                f"corrupt or cut ({error})"
            ) from error
    if path.suffix == ".gz":
        raise ValueError(
            f"{path}: expected a gzip file. Received: it begins with "
            f"{content[:16]!r}"
        )
    return content


def _quoting(path, text, separator):
    """How quotes are read: in RFC 4180's way, or as any character."""
    if separator == ",":
        return csv.QUOTE_MINIMAL
    num_begun = len(_QUOTE.findall(text))
    num_quoted = len(_QUOTED.findall(text))
    if num_begun == num_quoted:
        return csv.QUOTE_MINIMAL
    if num_quoted:
        warnings.warn(
            f"{path}: of {num_begun} fields that begin with a quotation mark, "
            f"{num_quoted} also end with one. All marks are kept as "
            "characters. If they are to group what is between them, save the "
            "table as .csv.",
            stacklevel=3,
        )
    return csv.QUOTE_NONE


def _check_header(path, names):
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{path}: the header must name each column once. Received: "
            f"{', '.join(map(repr, twice))} more than once"
        )


def _read_rows(path, reader, header, kept, separator):
    """The values of each kept column, numbers of rows, and of odd ones."""
    columns, rows, within, num_read = [[] for _ in kept], [], [], 0
    while chunk := list(itertools.islice(reader, _ROWS_AT_ONCE)):
        lengths = np.fromiter(map(len, chunk), int, len(chunk))
        wrong = np.flatnonzero((lengths != len(header)) & (lengths > 0))
        if len(wrong):
            raise ValueError(
                f"{path}, row {num_read + wrong[0] + 1} below the header: "
                f"expected {len(header)} fields separated by "
                f"{_NAMES[separator]}, as in the header. "
                f"Received: {lengths[wrong[0]]}"
            )
        rows.append(num_read + 1 + np.flatnonzero(lengths))
        num_read += len(chunk)
        records = list(filter(None, chunk))
        for values, place in zip(columns, kept):
            values.extend(map(operator.itemgetter(place), records))
        if reader.line_num > num_read + 1:
            within += _rows_within(chunk, num_read, len(header), separator)
    return columns, np.concatenate([[], *rows]).astype(int), within


def _rows_within(chunk, num_read, num_fields, separator):
    """Numbers of rows with a line inside a field that looks like a row."""
    first = num_read - len(chunk) + 1
    return [
        first + place
        for place, record in enumerate(chunk)
        for field in record
        if "\n" in field
        and any(
            line.count(separator) == num_fields - 1
            for line in field.split("\n")[1:]
        )
    ]

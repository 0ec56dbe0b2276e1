"""Reads files that hold one JSON object or Python literal per line."""

import ast
import codecs
import gzip
import json
import os
import re
import warnings
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import tqdm

_GZIP_MAGIC = b"\x1f\x8b"
# Escapes of what may be no character: halves of a pair, and NUL.
_SUSPECT = re.compile(r"\\u[dD][89a-fA-F]|\\u0000|\\x00|\\0")


def read_records(
    path: Path,
    is_wanted: Callable[[bytes], bool] | None = None,
    progress: bool = True,
) -> Iterator[dict]:
    """Streams the records of a file, gzipped or not.

    A line is read as JSON or, failing that, as a Python literal (the 2014
    metadata are written so) by `ast.literal_eval`, which evaluates nothing.
    Blank lines are skipped. Lines that are neither, and lines with bytes or
    escapes that are no characters (they are replaced), are counted in one
    warning each.

    Args:
        path: The file.
        is_wanted: Optional function of a line's bytes; a line for which it is
            `False` is not parsed. Defaults to `None`, every line is.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Yields:
        Dictionaries.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not gzip though its name says so, is
            corrupt or cut, or more of its lines are no records than are.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No such file. Expected: {path}")
    good, bad, replaced = 0, [], []
    for number, line in enumerate(_read_lines(path, progress), start=1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip() or (is_wanted is not None and not is_wanted(line)):
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", errors="replace")
            replaced.append(number)
        record = _parse(text)
        if record is None:
            bad.append((number, text.strip()[:60]))
            continue
        good += 1
        if _SUSPECT.search(text):
            readable = _readable(record)
            if readable != record and "\ufffd" in str(readable):
                replaced.append(number)
            record = readable
        yield record
    if bad:
        number, text = bad[0]
        found = (
            f"{path}: {len(bad)} lines are neither a JSON object nor a Python "
            f"dictionary, the first is line {number}: {text!r}"
        )
        if len(bad) > good:
            raise ValueError(f"{found}; only {good} lines are")
        warnings.warn(f"{found}. They are skipped.", stacklevel=2)
    if replaced:
        warnings.warn(
            f"{path}: {len(replaced)} lines are not UTF-8, or hold an escape "
            f"that is no character, the first is line {replaced[0]}. What is "
            "wrong is replaced.",
            stacklevel=2,
        )


def _read_lines(path, progress):
    """Yields the lines as bytes; the bar counts bytes as stored on disk."""
    bar = tqdm.tqdm(
        total=os.path.getsize(path),
        desc=path.name,
        unit="B",
        unit_scale=True,
        disable=not progress,
        leave=False,
    )
    number = 0
    with open(path, "rb") as file, bar:
        magic = file.read(2)
        file.seek(0)
        stored = tqdm.utils.CallbackIOWrapper(bar.update, file, "read")
        if magic != _GZIP_MAGIC and path.suffix == ".gz":
            raise ValueError(
                f"{path}: expected a gzip file. Received: it begins with "
                f"{file.read(16)!r}. Fetch it again"
            )
        lines = gzip.GzipFile(fileobj=stored) if magic == _GZIP_MAGIC else file
        try:
            for line in lines:
                number += 1
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(
                f"{path}: expected a complete gzip file. Received: it is "
                f"corrupt or cut after line {number} ({error}). Fetch it again"
            ) from error


def _parse(text):
    """The dictionary of a line, or `None`."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = _parse_literal(text)
    return record if isinstance(record, dict) else None


def _readable(value):
    """Pairs of surrogates made one character, halves of one and NUL replaced.

    JSON's parser joins pairs; that of Python literals does not.
    """
    if isinstance(value, str):
        joined = value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass")
        return joined.decode("utf-16", "replace")
    if isinstance(value, dict):
        return {
            _readable(key): _readable(field) for key, field in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_readable(entry) for entry in value]
    return value


def _parse_literal(text):
    with warnings.catch_warnings():
        # Titles with "\d" are an invalid escape, not our caller's concern.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return ast.literal_eval(text.strip())
        except (
            ValueError,
            SyntaxError,
            TypeError,
            MemoryError,
            RecursionError,
        ):
            return None

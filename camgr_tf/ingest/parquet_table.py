"""Reads columns of a Parquet file in batches, each different value once."""

from collections.abc import Container
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from camgr_tf.data.exact_numbers import EXACT

BATCH_ROWS = 500_000
# Bytes of a column that are read from the file at one time.
BUFFER_BYTES = 2**20


def read_parquet_table(
    path: Path,
    wanted: Container[str],
    numbers: Container[str] = (),
    times: Container[str] = (),
) -> pd.DataFrame:
    """Reads some columns; only what is returned is in memory at one time.

    Args:
        path: The file.
        wanted: Names of the columns to read. Those that are not there are
            left out.
        numbers: Names of those that stay numbers where they are. Defaults
            to `()`.
        times: Names of those that stay times where they are. Defaults to
            `()`.

    Returns:
        DataFrame of categorical columns of strings, `""` where the file has
        none. Those of `numbers` are int64, or float64 with NaN, those of
        `times` datetime64 with NaT, in UTC, if the file holds such. Its
        index, `row`, counts from 1; its `attrs` hold all names of the file as
        `"header"`.

    Raises:
        ValueError: If it is no Parquet file or holds a wanted column twice,
            one of lists or dictionaries, or bytes that are not in UTF-8.
    """
    try:
        with pq.ParquetFile(
            path, pre_buffer=False, buffer_size=BUFFER_BYTES
        ) as file:
            schema = file.schema_arrow
            _check_names(schema.names, wanted)
            num_rows = file.metadata.num_rows
            columns = {
                field.name: _column(field, numbers, times, num_rows)
                for field in schema
                if field.name in wanted
            }
            start = 0
            for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                for name, column in columns.items():
                    column.put(start, _plain(batch.column(name)))
                start += len(batch)
            table = pd.DataFrame(
                {name: column.finish() for name, column in columns.items()},
                copy=False,
            )
    except (ValueError, OSError, EOFError, pa.ArrowException) as error:
        raise ValueError(
            f"{path}: expected a table with a header. Received: {error}"
        ) from error
    table.index = pd.RangeIndex(1, 1 + num_rows, name="row")
    table.attrs["header"] = schema.names
    return table


def _check_names(names, wanted):
    twice = sorted({n for n in names if n in wanted and names.count(n) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} more than once")


def _column(field, numbers, times, num_rows):
    name, kind = field.name, field.type
    if pa.types.is_nested(kind):
        raise ValueError(f"the column {name!r} of {kind}")
    if name in numbers and (
        pa.types.is_signed_integer(kind) or pa.types.is_floating(kind)
    ):
        return _Numbers(num_rows, pa.types.is_floating(kind))
    if name in times and pa.types.is_timestamp(kind):
        return _Times(num_rows, kind.unit)
    return _Values(num_rows)


def _plain(array):
    """Values themselves, texts with offsets that never overflow."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_string())
    if pa.types.is_binary(kind) or pa.types.is_binary_view(kind):
        return array.cast(pa.large_binary())
    return array


class _Numbers:
    """Numbers; as float64 also whole ones of which some are missing."""

    def __init__(self, num_rows, is_floating):
        self.values = np.empty(num_rows, "float64" if is_floating else "int64")

    def put(self, start, array):
        if array.null_count and self.values.dtype == np.int64:
            self.values = self.values.astype("float64")
        # float64 with NaN where one is missing.
        values = array.to_numpy(zero_copy_only=False)
        if values.dtype.itemsize < 8 and values.dtype.kind == "f":
            # 2.1 is 2.1, and not what float32 makes of it.
            values, places = np.unique(values, return_inverse=True)
            values = values.astype(str).astype("float64")[places]
        self.values[start : start + len(array)] = values

    def finish(self):
        return self.values


class _Times:
    """Points in time; those of a zone are in UTC in the file already."""

    def __init__(self, num_rows, unit):
        self.values = np.empty(num_rows, f"datetime64[{unit}]")

    def put(self, start, array):
        numbers = array.cast(pa.int64()).fill_null(np.iinfo("int64").min)
        values = numbers.to_numpy().view(self.values.dtype)
        self.values[start : start + len(array)] = values

    def finish(self):
        return self.values


class _Values:
    """Different values once, and for each row which one it has."""

    def __init__(self, num_rows):
        self.codes = np.empty(num_rows, "int32")
        self.values = None

    def put(self, start, array):
        encoded = array.dictionary_encode()
        found = encoded.dictionary
        if self.values is None:
            self.values = found[:0]
        places = pc.index_in(found, value_set=self.values)
        is_new = places.is_null().to_numpy(zero_copy_only=False)
        places = places.fill_null(0).to_numpy().copy()
        places[is_new] = len(self.values) + np.arange(is_new.sum())
        self.values = pa.concat_arrays(
            [self.values, found.filter(pa.array(is_new))]
        )
        # -1, of no value, is the last one.
        codes = encoded.indices.fill_null(-1).to_numpy()
        self.codes[start : start + len(codes)] = np.append(places, -1)[codes]

    def finish(self):
        texts = pd.Series([], dtype=str)
        if self.values is not None:
            texts = _as_strings(self.values.to_pandas())
        if (self.codes == -1).any():
            texts = pd.concat([texts, pd.Series([""], dtype=str)])
        numbers, categories = pd.factorize(texts, sort=True)
        if len(self.codes):
            self.codes = numbers.astype("int32")[self.codes]
        return pd.Categorical.from_codes(self.codes, categories)


def _as_strings(column):
    """Integers that Parquet holds as floats become integers again."""
    missing = column.isna()
    if pd.api.types.is_float_dtype(column):
        known = column[~missing]
        if (known % 1 == 0).all() and (known.abs() <= EXACT).all():
            column = column.astype("Int64")
    elif isinstance(column[~missing].get(column.first_valid_index()), bytes):
        column = column.str.decode("utf-8")
    return column.astype(str).where(~missing, "")

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from camgr_tf.ingest import parquet_table
from camgr_tf.ingest.parquet_table import read_parquet_table

DAY = datetime.datetime(1970, 1, 2)


@pytest.fixture(params=[1, 2, 100])
def batch_rows(request, monkeypatch):
    monkeypatch.setattr(parquet_table, "BATCH_ROWS", request.param)


def write(folder, **columns):
    path = folder / "a.parquet"
    # Batches of two rows and row groups of three: neither holds all values.
    pq.write_table(pa.table(columns), path, row_group_size=3)
    return path


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["b", None, "a", "b", "é"], ["b", "", "a", "b", "é"]),
        (pa.array(["b", "a", "b"]).dictionary_encode(), ["b", "a", "b"]),
        (pa.array(["b", "a", "b"], pa.string_view()), ["b", "a", "b"]),
        ([b"b", b"a", b"b", b"\xc3\xa9"], ["b", "a", "b", "é"]),
        ([12, None, 7, 10**17 + 1], ["12", "", "7", str(10**17 + 1)]),
        # Whole numbers, if all are: a row of a later batch decides.
        ([12.0, 7.0, float("nan"), 12.0], ["12", "7", "", "12"]),
        ([12.0, 7.0, 12.0, 0.5], ["12.0", "7.0", "12.0", "0.5"]),
        (pa.nulls(3), ["", "", ""]),
        ([True, False, True, True], ["True", "False", "True", "True"]),
        ([DAY.date()] * 3, ["1970-01-02"] * 3),
    ],
)
def test_texts_are_those_of_the_values(tmp_path, batch_rows, values, texts):
    path = write(tmp_path, user=values, other=values)
    table = read_parquet_table(path, ["user", "missing"])
    assert table["user"].tolist() == texts
    assert table["user"].cat.categories.tolist() == sorted(set(texts))
    assert table.index.tolist() == list(range(1, 1 + len(texts)))
    assert table.attrs["header"] == ["user", "other"]
    assert table.columns.tolist() == ["user"]


@pytest.mark.parametrize(
    ("values", "dtype", "numbers"),
    [
        ([3, 1, 2**62 + 1], "int64", [3, 1, 2**62 + 1]),
        ([3, 1, None, 4], "float64", [3, 1, np.nan, 4]),
        ([3.0, 1.0, 2.0], "float64", [3, 1, 2]),
        ([3.0, None, 2.5], "float64", [3, np.nan, 2.5]),
        ([3.0, np.inf, 2.0], "float64", [3, np.inf, 2]),
        (pa.array([2.1, 3.5, 2.1], pa.float32()), "float64", [2.1, 3.5, 2.1]),
        (pa.array([1, 2, 3], pa.int8()), "int64", [1, 2, 3]),
    ],
)
def test_numbers_stay_numbers(tmp_path, batch_rows, values, dtype, numbers):
    path = write(tmp_path, rating=values)
    column = read_parquet_table(path, ["rating"], ["rating"])["rating"]
    assert column.dtype == dtype
    np.testing.assert_array_equal(column, numbers)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_stay_times_in_utc(tmp_path, batch_rows, unit):
    kept = "ms" if unit == "s" else unit  # there are no seconds in Parquet
    values = pa.array([DAY, None, DAY], pa.timestamp(unit, "Europe/Berlin"))
    path = write(tmp_path, timestamp=values)
    table = read_parquet_table(path, ["timestamp"], times=["timestamp"])
    wanted = pd.Series([DAY, None, DAY]).astype(f"datetime64[{kept}]")
    pd.testing.assert_series_equal(
        table["timestamp"].reset_index(drop=True), wanted, check_names=False
    )
    # Where no times are asked for, they are texts.
    texts = read_parquet_table(path, ["timestamp"], ["timestamp"])
    assert texts["timestamp"].tolist()[0].startswith("1970-01-02 ")


def test_what_numbers_are_not_is_text(tmp_path):
    path = write(tmp_path, rating=["2.5", "", "good"])
    column = read_parquet_table(path, ["rating"], ["rating"])["rating"]
    assert column.tolist() == ["2.5", "", "good"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": [[1], [2]]}, "the column 'user' of list"),
        ({"user": [b"\xff"]}, "codec can't decode"),
    ],
)
def test_what_no_text_is_refused(tmp_path, columns, message):
    with pytest.raises(ValueError, match=f"a.parquet: .*{message}"):
        read_parquet_table(write(tmp_path, **columns), ["user"])


def test_a_wanted_column_is_there_once(tmp_path):
    path = tmp_path / "a.parquet"
    arrays = [pa.array([1]), pa.array([2]), pa.array([3])]
    table = pa.Table.from_arrays(arrays, ["user", "x", "user"])
    pq.write_table(table, path)
    with pytest.raises(ValueError, match="a.parquet: .*'user' more than once"):
        read_parquet_table(path, ["user"])
    assert read_parquet_table(path, ["x"])["x"].tolist() == ["2"]

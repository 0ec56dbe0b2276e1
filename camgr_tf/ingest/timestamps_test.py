import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from camgr_tf.ingest.timestamps import parse_timestamps


def _parse(*texts, **arguments):
    column = pd.Series(texts, name="timestamp", dtype=str)
    column.index = pd.RangeIndex(1, 1 + len(texts), name="row")
    return parse_timestamps("a.csv", column, **arguments)


def _seconds(*when):
    date = datetime.datetime(*when, tzinfo=datetime.timezone.utc)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (date - epoch) // datetime.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (
            ["12/05/2014", "03/06/2014", "13/05/2014"],
            [(2014, 5, 12), (2014, 6, 3), (2014, 5, 13)],
        ),
        (["12/05/2014", "05/13/2014"], [(2014, 12, 5), (2014, 5, 13)]),
        (["1.2.2014", "31.12.2013"], [(2014, 2, 1), (2013, 12, 31)]),
        (["05/05/2014", "06-06-2014"], [(2014, 5, 5), (2014, 6, 6)]),
        (["2014/5/3", "2014-12-01"], [(2014, 5, 3), (2014, 12, 1)]),
        (
            ["1/31/2014 12:05 AM", "1/2/2014 1:30:10 pm"],
            [(2014, 1, 31, 0, 5), (2014, 1, 2, 13, 30, 10)],
        ),
        (
            ["2014-01-01T00:30+02:00", "2013-12-31 22:30:00Z"],
            [(2013, 12, 31, 22, 30), (2013, 12, 31, 22, 30)],
        ),
        (["2014-01-01 10:00:00 UTC"], [(2014, 1, 1, 10)]),
        (
            ["5 May 2014", "Mon, 12 September 2014"],
            [(2014, 5, 5), (2014, 9, 12)],
        ),
        (
            ["May 5, 2014 10:00", "sept. 3rd 2014"],
            [(2014, 5, 5, 10), (2014, 9, 3)],
        ),
        (["12-Feb-2014"], [(2014, 2, 12)]),
        (
            ["1969-12-31 23:59:58", "1600-01-01"],
            [(1969, 12, 31, 23, 59, 58), (1600, 1, 1)],
        ),
    ],
)
def test_dates(texts, dates):
    values = _parse(*texts)
    assert values.dtype == np.int64
    assert values.tolist() == [_seconds(*date) for date in dates]


def test_fractions_of_a_second_are_kept():
    values = _parse(
        "2014-05-12T10:00:00.100Z",
        "2014-05-12T10:00:00.900Z",
        "2014-05-12T10:00:00.500Z",
    )
    start = _seconds(2014, 5, 12, 10)
    assert values.tolist() == [start + 0.1, start + 0.9, start + 0.5]
    # Half a second after one second before 1970.
    assert _parse("1969-12-31 23:59:59,5").tolist() == [-0.5]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["0.75", "0.5", "1"], [0.75, 0.5, 1.0]),
        (["1e3", "2"], [1000, 2]),
        (["1400000000000000001", "1400000000000000000"], None),
        (["20140512", "20140511"], [20140512, 20140511]),
        (["-5", "+3", " 7 "], [-5, 3, 7]),
        (["1400000000123", "1500000000123"], None),
    ],
    ids=["0..1", "scientific", "nanoseconds", "compact", "signs", "millis"],
)
def test_numbers_stay(texts, values):
    assert _parse(*texts).tolist() == (values or [int(t) for t in texts])


def test_a_format_decides():
    values = _parse("03/04/14", "05/04/14", timestamp_format="%d/%m/%y")
    assert values.tolist() == [_seconds(2014, 4, 3), _seconds(2014, 4, 5)]
    values = _parse(
        "Wed Aug 27 15:08:45 +0200 2008",
        timestamp_format="%a %b %d %H:%M:%S %z %Y",
    )
    assert values.tolist() == [_seconds(2008, 8, 27, 13, 8, 45)]
    values = _parse("20140503", timestamp_format="%Y%m%d")
    assert values.tolist() == [_seconds(2014, 5, 3)]
    values = _parse("03.04.2014 00:00:00.25", timestamp_format="%d.%m.%Y %X.%f")
    assert values.tolist() == [_seconds(2014, 4, 3) + 0.25]
    with pytest.raises(ValueError, match="row 2 .*of the form %d/%m/%Y.*31/02"):
        _parse("03/04/2014", "31/02/2014", timestamp_format="%d/%m/%Y")
    for wrong in ("%Q", "", "d/m/Y"):
        with pytest.raises(ValueError, match="`timestamp_format` must be a fo"):
            _parse("03/04/2014", timestamp_format=wrong)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["12/05/2014", "03/06/2014"], "row 1 .*tells the day from the month"),
        (["05/05/2014", "03/06/2014"], "row 2 .*pass the column's `timestamp_"),
        (
            ["13/05/2014", "05/13/2014"],
            r"row 2 .*before the month, as on row 1 \('13/05/2014'\)",
        ),
        (["12/05/14", "13/05/14"], "row 1 .*a year of four digits"),
        (
            ["2014-05-12", "12-05-2014"],
            "row 2 .*a number of seconds, or a date",
        ),
        (["2014-05-12", "12 May 2014"], "row 2 .*the same in all rows"),
        (["2014-05-12", "1400000000"], "row 2 .*Received: '1400000000'"),
        (["1400000000", "1400000001", "soon"], "row 3 .*Received: 'soon'"),
        (["2014-05-12", ""], "row 2 .*Received: ''"),
        (["5", ""], "row 2 .*a time in all rows, or the .*Received: ''"),
        (["nan", "5"], "row 1 .*a time in all rows.*Received: 'nan'"),
        (["inf", "5"], "row 1 .*Received: 'inf'"),
        (["NaT", "2014-05-12"], "row 1 .*a time in all rows.*Received: 'NaT'"),
        (["0000-01-01"], "row 1 .*that exist"),
        (["0000-00-00 00:00:00"], "row 1 .*that exist"),
        (["1e30", "5"], "row 1 .*below 2..63 in magnitude. Received: '1e30'"),
        (["1" * 23], "row 1 .*below 2..63"),
        (["1,400,000,000"], "row 1 .*a number of seconds, or a date"),
        (["1_000"], "row 1 .*a number of seconds"),
        (["2014-02-30"], "row 1 .*a date and time that exist"),
        (["2014-02-03 24:01"], "row 1 .*that exist"),
        (["2014-02-03 13:01 PM"], "row 1 .*an hour from 1 to 12"),
        (["2014-02-03T10:00Z", "2014-02-03T10:00"], "row 2 .*with its zone"),
        (["2014-02-03 10:00 EST"], "row 1 .*For another form"),
        (["5 Mai 2014"], "row 1 .*a number of seconds"),
        (["1400000000", "1400000001000"], "row 2|row 1 .*in the same unit"),
        (
            ["2014-01-01 10:00:00.123456781", "2014-01-01 10:00:00.123456782"],
            "row 2 .*at most six digits behind the second",
        ),
        (["0.1234567890123456789", "0.123456789012345678"], "row 2 .*64-bit"),
    ],
)
def test_what_is_refused(texts, message):
    with pytest.raises(ValueError, match=f"a.csv, {message}"):
        _parse(*texts)


_TIMES = st.datetimes(
    datetime.datetime(1000, 1, 1), datetime.datetime(3000, 1, 1)
)


@settings(max_examples=12)
@given(
    st.lists(_TIMES, min_size=1, max_size=3),
    st.sampled_from(
        [
            "%d/%m/%Y %H:%M:%S",
            "%m-%d-%Y %I:%M:%S %p",
            "%Y.%m.%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%SZ",
            "%d %B %Y %H:%M:%S",
            "%b %d, %Y %H:%M:%S+00:00",
        ]
    ),
)
def test_every_form_gives_the_times(times, form):
    # The 30th tells the day from the month.
    times = [datetime.datetime(2014, 5, 30), *times]
    texts = [time.strftime(form) for time in times]
    expected = [
        (time.replace(microsecond=0) - datetime.datetime(1970, 1, 1))
        // datetime.timedelta(seconds=1)
        for time in times
    ]
    assert _parse(*texts).tolist() == expected
    assert _parse(*texts, timestamp_format=form).tolist() == expected


@settings(max_examples=12)
@given(st.lists(_TIMES, min_size=1, max_size=5))
def test_microseconds_keep_the_order_or_are_refused(times):
    try:
        values = _parse(
            *(time.isoformat(timespec="microseconds") for time in times)
        )
    except ValueError as error:
        assert "digits behind the second" in str(error)
        return
    order = sorted(range(len(times)), key=times.__getitem__)
    assert np.argsort(values, kind="stable").tolist() == order


def _column(values, dtype):
    column = pd.Series(values, name="timestamp", dtype=dtype)
    column.index = pd.RangeIndex(1, 1 + len(values), name="row")
    return column


@pytest.mark.parametrize(
    ("values", "dtype", "wanted"),
    [
        ([7, 3], "int64", [7, 3]),
        ([1.4e9, 1.4e9 + 1], "float64", [1_400_000_000, 1_400_000_001]),
        ([7.0, 3.5], "float64", [7.0, 3.5]),
        ([86400, -1], "datetime64[s]", [86400, -1]),
        ([86400_000, -1500], "datetime64[ms]", [86400.0, -1.5]),
        ([3 * 10**9, 5 * 10**9], "datetime64[ns]", [3, 5]),
    ],
)
def test_numbers_and_times_of_a_file(values, dtype, wanted):
    parsed = parse_timestamps("a.parquet", _column(values, dtype))
    assert parsed.dtype == np.array(wanted).dtype
    assert parsed.tolist() == wanted


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        ([1.0, np.nan], "float64", "row 2 .* must be a time in all rows"),
        ([np.inf, 1.0], "float64", "row 1 .* must be a time in all rows"),
        ([1.0, 2.0**63], "float64", r"row 2 .* below 2\*\*63"),
        ([1.4e9, 1.4e9, 1.4e12], "float64", "row 3 .* in the same unit"),
        ([1, None], "datetime64[s]", "row 2 .* must be a time in all rows"),
        # A nanosecond apart, where a float64 has steps of 240.
        (
            [1_500_000_000 * 10**9, 1_500_000_000 * 10**9 + 1],
            "datetime64[ns]",
            "row 2 .* that a 64-bit float tells from those",
        ),
    ],
)
def test_numbers_and_times_that_are_refused(values, dtype, message):
    with pytest.raises(ValueError, match=f"a.parquet, {message}"):
        parse_timestamps("a.parquet", _column(values, dtype))


def test_whole_numbers_of_a_form():
    for dtype in ("int64", "float64"):
        column = _column([20240531, 20240601], dtype)
        parsed = parse_timestamps("a.parquet", column, "%Y%m%d")
        assert parsed.tolist() == [_seconds(2024, 5, 31), _seconds(2024, 6, 1)]

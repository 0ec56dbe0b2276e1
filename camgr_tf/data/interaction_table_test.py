import gzip
import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.data import interaction_table
from camgr_tf.data.interaction_table import read_interaction_table

_ALL = ("x_label", "timestamp")


def _write(tmp_path, text):
    path = tmp_path / "toy.inter"
    path.write_bytes(text.encode())
    return path


def test_reads_the_columns_wherever_they_are(tmp_path):
    path = _write(
        tmp_path,
        'note\titemID\trating\tuserID\tx_label\ttimestamp\n"a\t5\t\t3\t1\t7\n'
        "b\t0\t4.5\t0\t0\t9.5\n",
    )
    table = read_interaction_table(path, _ALL)
    assert list(table.columns) == ["userID", "itemID", "x_label", "timestamp"]
    np.testing.assert_array_equal(table["userID"], [3, 0])
    np.testing.assert_array_equal(table["itemID"], [5, 0])
    np.testing.assert_array_equal(table["x_label"], [1, 0])
    np.testing.assert_array_equal(table["timestamp"], [7, 9.5])
    assert list(table.index) == [2, 3]


def test_columns_that_are_not_asked_for_are_not_checked(tmp_path):
    path = _write(tmp_path, "userID\titemID\tx_label\n0\t1\tbad\n")
    assert list(read_interaction_table(path).columns) == ["userID", "itemID"]


@pytest.mark.parametrize(
    "text",
    [
        "userID\titemID\r\n1\t2\r\n",
        "userID\titemID\r1\t2\r",
        "\ufeffuserID\titemID\n1\t2\n",
        "userID\titemID\n1\t2",
        "userID\titemID\n1\t2\n\n\n",
    ],
    ids=[
        "windows line ends",
        "old Mac line ends",
        "byte order mark",
        "no last line end",
        "blank",
    ],
)
def test_harmless_forms_are_read(tmp_path, text):
    table = read_interaction_table(_write(tmp_path, text))
    assert table.to_numpy().tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("texts", "values", "kind"),
    [
        (["1400000000000000001", "1400000000000000000"], None, "i"),
        (["0.25", "0.125"], [0.25, 0.125], "f"),
        (["1.4e9", "-5"], [1_400_000_000, -5], "i"),
        (["5.0", "6.00"], [5, 6], "i"),
    ],
    ids=["nanoseconds", "fractions", "scientific", "floats without fraction"],
)
def test_timestamps_are_exact(tmp_path, texts, values, kind):
    rows = "".join(f"0\t{row}\t{text}\n" for row, text in enumerate(texts))
    path = _write(tmp_path, "userID\titemID\ttimestamp\n" + rows)
    read = read_interaction_table(path, _ALL)["timestamp"]
    assert read.tolist() == (values or [int(text) for text in texts])
    assert read.dtype.kind == kind


def test_a_carriage_return_within_a_line_is_no_line_end(tmp_path):
    path = _write(tmp_path, "note\tuserID\titemID\na\rb\t0\t1\nc\t2\t3\n")
    table = read_interaction_table(path)
    assert table.to_numpy().tolist() == [[0, 1], [2, 3]]
    assert list(table.index) == [2, 3]


def test_what_is_no_utf_8_is_named(tmp_path):
    path = tmp_path / "toy.inter"
    text = "userID\titemID\n0\t1\n"
    path.write_bytes(text.encode("utf-16"))
    with pytest.raises(ValueError, match="It is UTF-16: save the file as UTF"):
        read_interaction_table(path)
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ValueError, match="It is gzip: unpack the file"):
        read_interaction_table(path)


def test_missing_file(tmp_path):
    message = "No interaction file. Expected: .*toy.inter, tab separated, with"
    with pytest.raises(FileNotFoundError, match=message):
        read_interaction_table(tmp_path / "toy.inter")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"line 1: the header must name .*Missing: userID, itemID"),
        ("userID\titemID\n", "expected rows below the header. Received: none"),
        (
            "user\titemID\n0\t1\n",
            r"line 1: the header must name the columns userID and itemID\. "
            r"Missing: userID\. Received: \['user', 'itemID'\]",
        ),
        (
            "userID,itemID,x_label\n0,1,0\n",
            r"Missing: userID, itemID\. Received: \['userID,itemID,x_label'\]"
            r"\. It has no tab: columns must be separated by tabs",
        ),
        (
            "userID\titemID\n0\t1\n0,2\n",
            "line 3: expected 2 fields separated by tabs, as in the header. "
            "Received: 1",
        ),
        ("userID\titemID\n0\t1\t2\n", "line 2: expected 2 fields .*ved: 3"),
        ("userID\titemID\n0\t1\n\n0\t2\n", "line 3: expected 2 .*ceived: 1"),
        (
            "userID\titemID\n0\t1\n7\t-1\n",
            "line 3: `itemID` must be an integer from 0 to 2147483646. "
            "Received: '-1'",
        ),
        ("userID\titemID\n0\t1\n1.5\t1\n", "line 3: `userID` .*ived: '1.5'"),
        ("userID\titemID\n0\t1\n2.0\t1\n", "line 3: `userID` .*ived: '2.0'"),
        ("userID\titemID\n0\t1\nA7\t1\n", "line 3: `userID` .*eived: 'A7'"),
        ("userID\titemID\n0\t1\n\t1\n", "line 3: `userID` .*eived: ''"),
        ("userID\titemID\n0\tnan\n", "line 2: `itemID` .*eived: 'nan'"),
        ("userID\titemID\n0\tTrue\n", "line 2: `itemID` .*eived: 'True'"),
        ("userID\titemID\n0\t2147483647\n", "line 2: .*ved: '2147483647'"),
        ("userID\titemID\n0\t9" + "0" * 30 + "\n", "line 2: .*ved: '90000"),
        (
            "userID\titemID\tx_label\n0\t1\t0\n0\t2\t3\n",
            r"line 3: `x_label` must be 0 \(train\), 1 \(validation\) or 2 "
            r"\(test\)\. Received: '3'",
        ),
        ("userID\titemID\tx_label\n0\t1\t-1\n", "`x_label` .*eived: '-1'"),
        ("userID\titemID\tx_label\n0\t1\ttrain\n", "`x_label` .*'train'"),
        (
            "userID\titemID\ttimestamp\n0\t1\t5\n0\t2\t2014-07-01\n",
            "line 3: `timestamp` must be a finite number, for example "
            "seconds. Received: '2014-07-01'",
        ),
        (
            "userID\titemID\tuserID\n0\t1\t0\n",
            "line 1: the header must name each column once. Received: userID 2",
        ),
        ("userID\titemID\n0\t٣\n", "line 2: `itemID` .*eived: '٣'"),
        ("userID\titemID\ttimestamp\n0\t1\t1_000\n", "ceived: '1_000'"),
        ("userID\titemID\ttimestamp\n0\t1\t1e999\n", "ceived: '1e999'"),
        ("userID\titemID\ttimestamp\n0\t1\t1e30\n", "below 2..63 .*: '1e30'"),
        (
            "userID\titemID\ttimestamp\n0\t1\t5\n0\t2\t" + "1" * 23 + "\n",
            "line 3: `timestamp` must be .* below 2..63 .*: '1111",
        ),
        (
            "userID\titemID\ttimestamp\n0\t1\t1400000000.12345678\n"
            "0\t2\t1400000000.12345679\n",
            "line 3: `timestamp` must be a number that a 64-bit float tells",
        ),
        (
            "userID\titemID\ttimestamp\n0\t1\t1400000000\n"
            "0\t2\t1400000001000\n",
            "in the same unit .*seconds and milliseconds, from 1.4e.09 .*"
            "Received: 1400000000 ",
        ),
        ("userID\titemID\n0\t1\0\n", "line 2: `itemID` .*eived: '1.x00'"),
        ("userID\titemID\ttimestamp\n0\t1\tinf\n", "`timestamp` .*: 'inf'"),
        ("userID\titemID\ttimestamp\n0\t1\t\n", "`timestamp` .*ceived: ''"),
    ],
)
def test_bad_content(tmp_path, text, message):
    path = _write(tmp_path, text)
    with pytest.raises(ValueError, match=f"toy.inter.*{message}"):
        read_interaction_table(path, _ALL)


_VALUES = st.sampled_from(
    "0 1 007 +2 -1 1.0 1e3 .5 1e30 nan inf 99999999999 x \u0663 '' 1_0".split()
    + ["", " 1", "1\r", "1" * 23, '"1"', "1400000000", "1400000000000", "\0"]
)


@given(st.lists(st.tuples(_VALUES, _VALUES, _VALUES, _VALUES), min_size=1))
def test_any_rows_are_read_exactly_or_refused(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "toy.inter"
    lines = [("userID", "itemID", "x_label", "timestamp"), *rows]
    text = "".join("\t".join(line) + "\n" for line in lines)
    path.write_bytes(text.encode())
    try:
        table = read_interaction_table(path, _ALL)
    except ValueError as error:
        assert re.search("toy.inter, line [0-9]+: `?[a-zA-Z_]+", str(error))
        return
    assert len(table) == len(rows)
    for name, texts in zip(lines[0], zip(*rows)):
        read = [Decimal(value.item()) for value in table[name].to_numpy()]
        assert read == [Decimal(text.strip()) for text in texts]


@given(st.lists(st.integers(-(2**62), 2**62) | st.floats(-1e9, 1e9)))
def test_the_order_of_times_is_kept_or_refused(tmp_path_factory, times):
    path = tmp_path_factory.mktemp("times") / "toy.inter"
    times = [5, *times]
    lines = [f"0\t{row}\t{time!r}\n" for row, time in enumerate(times)]
    path.write_text("userID\titemID\ttimestamp\n" + "".join(lines))
    try:
        read = read_interaction_table(path, _ALL)["timestamp"].to_numpy()
    except ValueError as error:
        assert "toy.inter, line " in str(error)
        return
    exact = [Decimal(repr(time)) for time in times]
    order = sorted(range(len(times)), key=exact.__getitem__)
    assert np.argsort(read, kind="stable").tolist() == order


@pytest.mark.parametrize("size", [1, 7, 20, 1000])
def test_blocks_are_one_table(monkeypatch, tmp_path, size):
    monkeypatch.setattr(interaction_table, "BLOCK_BYTES", size)
    monkeypatch.setattr(interaction_table, "BLOCK_ROWS", size)
    rows = [(n, 3 * n % 10, n % 3, n + 0.5) for n in range(25)]
    lines = ["\t".join(map(str, row)) for row in rows]
    text = "\n".join(["userID\titemID\tx_label\ttimestamp", *lines])
    table = read_interaction_table(_write(tmp_path, text + "\n"), _ALL)
    np.testing.assert_array_equal(table.to_numpy(), rows)
    assert table["userID"].dtype == np.int64
    assert table.index.tolist() == list(range(2, 27))
    for place in (0, 11, 24):
        wrong = [*lines]
        wrong[place] += "\t9"
        path = _write(tmp_path, "\n".join([text.partition("\n")[0], *wrong]))
        message = rf"line {place + 2}: expected 4 fields .*Received: 5"
        with pytest.raises(ValueError, match=message):
            read_interaction_table(path, _ALL)
        wrong[place] = "1\t2\t0\tx"
        path = _write(tmp_path, "\n".join([text.partition("\n")[0], *wrong]))
        with pytest.raises(ValueError, match=rf"line {place + 2}: `timestamp`"):
            read_interaction_table(path, _ALL)

import csv
import io
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.data.text_table import read_text_table


def _read(tmp_path, text, separator, **arguments):
    path = tmp_path / "table.txt"
    path.write_bytes(text.encode())
    table = read_text_table(path, separator, **arguments)
    return table.to_numpy().tolist()


class TestTabs:
    def test_quotes_that_open_nothing_swallow_nothing(self, tmp_path):
        rows = [["1", '"Best" tea'], ["2", "cup"], ["3", '"Big'], ["4", "pot"]]
        text = "item\ttitle\n" + "".join("\t".join(r) + "\n" for r in rows)
        assert _read(tmp_path, text, "\t") == rows

    @pytest.mark.parametrize("quoted", ['"a', 'a"', 'a"b', '"', '"""', '"a" b'])
    def test_any_number_of_quotes_is_read(self, tmp_path, quoted):
        text = f"item\ttitle\n1\t{quoted}\n2\tb\n"
        assert _read(tmp_path, text, "\t") == [["1", quoted], ["2", "b"]]

    def test_a_table_that_quotes_its_fields(self, tmp_path):
        text = '"item"\t"title"\r\n"1"\t"a ""b"""\r\n2\t""\r\n'
        assert _read(tmp_path, text, "\t") == [["1", 'a "b"'], ["2", ""]]

    def test_some_quoted_fields_among_others_are_said(self, tmp_path):
        text = 'item\ttitle\n1\t"a"\n2\t"b\n'
        with pytest.warns(UserWarning, match="of 2 fields .* 1 also end with"):
            read = _read(tmp_path, text, "\t")
        assert read == [["1", '"a"'], ["2", '"b']]

    @pytest.mark.parametrize("inside", ["\t", "\n"])
    def test_a_quoted_tab_or_line_end_is_refused(self, tmp_path, inside):
        text = f'item\ttitle\n1\t"a{inside}b"\n'
        with pytest.raises(ValueError, match="row [12] .*expected 2 fields se"):
            _read(tmp_path, text, "\t")


class TestCommas:
    def test_line_ends_within_quotes(self, tmp_path):
        text = 'item,title\r\n1,"a\r\nb"\r\n2,"c\rd"\r\n3,"e\nf"\r\n'
        assert _read(tmp_path, text, ",") == [
            ["1", "a\r\nb"],
            ["2", "c\rd"],
            ["3", "e\nf"],
        ]

    def test_a_bare_carriage_return_is_a_character(self, tmp_path):
        text = "item,title\n1,a\rb\n2,\r\r\n"
        assert _read(tmp_path, text, ",") == [["1", "a\rb"], ["2", "\r"]]

    def test_or_ends_all_lines(self, tmp_path):
        text = 'item,title\r1,"a,b"\r\r2,c\r'
        assert _read(tmp_path, text, ",") == [["1", "a,b"], ["2", "c"]]

    def test_a_swallowed_row_is_said(self, tmp_path):
        text = 'item,title\n1,"Tea\n2,Cup"\n3,pot\n'
        with pytest.warns(UserWarning, match="1 rows hold .* the first is row"):
            read = _read(tmp_path, text, ",")
        assert read == [["1", "Tea\n2,Cup"], ["3", "pot"]]

    @pytest.mark.parametrize("end", ['"Cup', '"Cup"x', 'Cup"x"'])
    def test_a_quote_that_is_not_closed_is_refused(self, tmp_path, end):
        text = f'item,title\n1,"Tea\n2,b\n3,{end}\n'
        with pytest.raises(ValueError, match="line [0-9]: .* mark closed"):
            _read(tmp_path, text, ",")


def test_only_wanted_columns_must_have_one_name_each(tmp_path):
    text = "a,a,b\n1,2,3\n"
    assert _read(tmp_path, text, ",", wanted=("b",)) == [["3"]]
    with pytest.raises(ValueError, match="each column once. Received: 'a'"):
        _read(tmp_path, text, ",")


def test_utf_16_without_a_mark_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(ValueError, match="line 1: .*Is it UTF-16"):
        read_text_table(path, ",")
    table = read_text_table(path, ",", "utf-16-le")
    assert table.to_numpy().tolist() == [["1", "2"]]


def test_not_utf_8_and_perhaps_utf_16(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("a,é\n1,2\n".encode("utf-16-le"))
    with pytest.raises(ValueError, match="line 1: .*such as utf-16-le"):
        read_text_table(path, ",")


def test_names_with_a_carriage_return_are_said_as_they_are(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b\r\r\n1,2\r\r\n")
    assert read_text_table(path, ",").attrs["header"] == ["a", "b\r"]


def test_no_lone_surrogates(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"a,b\n1,\\ud800\n")
    with pytest.raises(ValueError, match=r"line 2: .*'\\ud800', which no text"):
        read_text_table(path, ",", "unicode_escape")


_FIELDS = st.text(st.sampled_from('ab"",\t\r\n é\u2028'), max_size=5)


@given(st.lists(st.tuples(_FIELDS, _FIELDS), max_size=6))
def test_what_csv_quotes_is_read_as_it_was(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([("item", "title"), *rows])
    folder = tmp_path_factory.mktemp("rows")
    read = _read(folder, text.getvalue(), ",", warn_of_lost_rows=False)
    assert read == [list(row) for row in rows]


_PLAIN = st.text(st.sampled_from('ab", é\u2028'), min_size=1, max_size=5)


@given(st.lists(st.tuples(_PLAIN, _PLAIN), max_size=6))
def test_plain_fields_between_tabs_are_read_as_they_are(tmp_path_factory, rows):
    # The mark that nothing closes says that no field of the file is quoted.
    rows = [("1", '"'), *rows]
    text = "".join("\t".join(row) + "\n" for row in [("item", "title"), *rows])
    folder = tmp_path_factory.mktemp("rows")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert _read(folder, text, "\t") == [list(row) for row in rows]


@given(st.text(st.sampled_from('a1",;\t\r\n\0'), max_size=20), st.booleans())
def test_any_text_is_read_or_refused(tmp_path_factory, text, has_tabs):
    path = tmp_path_factory.mktemp("text") / "table"
    path.write_bytes(text.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = read_text_table(path, "\t" if has_tabs else ",")
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert "\0" not in "".join(map(str, table.to_numpy().ravel()))

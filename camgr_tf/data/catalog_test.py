import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.data.catalog import complete_catalog
from camgr_tf.data.catalog import read_catalog
from camgr_tf.data.catalog import write_catalog


def _read(tmp_path, text):
    path = tmp_path / "items.csv"
    path.write_bytes(text.encode("latin-1"))
    return read_catalog(path, "itemID")


def test_reads_strings_sorted_by_id(tmp_path):
    table = _read(
        tmp_path, 'itemID,original_id,title\n2,007,"mug, red"\n0,NA,\n'
    )
    assert list(table.index) == [0, 2]
    assert table["original_id"].tolist() == ["NA", "007"]
    assert table["title"].tolist() == ["", "mug, red"]


def test_missing_file_is_none(tmp_path):
    assert read_catalog(tmp_path / "items.csv", "itemID") is None


def test_completes_missing_ids(tmp_path):
    table = _read(tmp_path, "itemID,original_id,title\n1,B1,mug\n")
    items = complete_catalog(table, tmp_path / "items.csv", "itemID", 3)
    assert items["original_id"].tolist() == ["0", "B1", "2"]
    assert items["title"].tolist() == ["", "mug", ""]
    assert items.index.name == "itemID"


def test_completes_nothing_at_all(tmp_path):
    users = complete_catalog(None, tmp_path / "users.csv", "userID", 2)
    assert users["original_id"].tolist() == ["0", "1"]
    assert list(users.columns) == ["original_id"]


def test_writes_what_it_reads(tmp_path):
    table = pd.DataFrame(
        {"original_id": ["a", "b"], "title": ['a "big", mug', "é\nline"]},
        index=pd.Index([0, 1], name="itemID"),
    )
    path = tmp_path / "items.csv"
    write_catalog(table, path)
    pd.testing.assert_frame_equal(
        read_catalog(path, "itemID"), table, check_dtype=False
    )


@pytest.mark.parametrize(
    "title", ["a\rb", "\r", "a\r\nb", "\n", '"', "a,b", "NA", " ", "\ufeff", ""]
)
@pytest.mark.parametrize("place", [0, 1])
def test_any_title_is_read_by_every_python(tmp_path, title, place):
    titles = ["mug", "pot"]
    titles[place] = title
    table = pd.DataFrame(
        {"original_id": ["a", "b"], "title": titles},
        index=pd.Index([0, 1], name="itemID"),
    )
    path = tmp_path / "items.csv"
    write_catalog(table, path)
    assert read_catalog(path, "itemID")["title"].tolist() == titles
    # Quoted whatever the version of Python: one thinks otherwise of "\r".
    content = path.read_bytes().decode()
    assert '"' + title.replace('"', '""') + '"' in content


def test_a_carriage_return_that_was_written_without_quotes(tmp_path):
    table = _read(tmp_path, "itemID,original_id,title\n0,a,b\rc\n1,d,e\n")
    assert table["title"].tolist() == ["b\rc", "e"]


def test_what_cannot_be_read_again_is_not_written(tmp_path):
    table = pd.DataFrame(
        {"original_id": ["a\0b"]}, index=pd.Index([0], name="itemID")
    )
    with pytest.raises(ValueError, match="items.csv, line 2: .*which no text"):
        write_catalog(table, tmp_path / "items.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header must name the columns itemID and original_id"),
        (
            "itemID,original_id\n0,é\n",
            "line 2: expected .*utf-8.*'utf-8' codec",
        ),
        (
            "itemID,original_id\n0,B0,mug\n",
            "row 1 .*expected 2 fields .*ceived: 3",
        ),
        (
            'itemID,original_id\n0,"B0\n',
            "expected .*each quotation mark closed",
        ),
        (
            "itemID\toriginal_id\n0\tB0\n",
            "the header must name the columns itemID and original_id. "
            "Missing: itemID, original_id",
        ),
        (
            "itemID,original_id\n0,B0\nx,B1\n",
            "row 2 below the header: `itemID` must be a non-negative integer. "
            "Received: 'x'",
        ),
        ("itemID,original_id\n-1,B0\n", "row 1 .*Received: '-1'"),
        (
            "itemID,original_id\n0,B0\n1,B1\n0,B2\n",
            "row 3 below the header: each `itemID` must be there once. "
            "Received: 0 again",
        ),
    ],
)
def test_bad_content(tmp_path, text, message):
    with pytest.raises(ValueError, match=f"items.csv.*{message}"):
        _read(tmp_path, text)


def test_id_beyond_the_other_files(tmp_path):
    table = _read(tmp_path, "itemID,original_id\n3,B3\n")
    message = "items.csv: expected values of `itemID` below 3, .*Received: 3"
    with pytest.raises(ValueError, match=message):
        complete_catalog(table, tmp_path / "items.csv", "itemID", 3)


_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=8,
)


@given(
    st.lists(_TEXTS | st.sampled_from(['"', "\r", "a\r\nb", ","]), min_size=1)
)
def test_any_titles_are_read_as_they_were(tmp_path_factory, titles):
    table = pd.DataFrame(
        {"original_id": titles, "title": titles[::-1]},
        index=pd.RangeIndex(len(titles), name="itemID"),
    )
    path = tmp_path_factory.mktemp("catalog") / "items.csv"
    write_catalog(table, path)
    assert read_catalog(path, "itemID").to_dict("list") == table.to_dict("list")

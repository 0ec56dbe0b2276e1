import gzip

import numpy as np
import pandas as pd
import pytest

from camgr_tf.ingest.catalog_tables import read_interactions
from camgr_tf.ingest.catalog_tables import read_items


def _write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


class TestReadInteractions:
    def test_csv(self, tmp_path):
        path = _write(
            tmp_path / "a.csv",
            "\ufeffuser,item,rating,timestamp,note\n"
            '007,"tab\there",4.5,20,x\n'
            'NA,"say ""hi"", twice",,10,y\n',
        )
        table = read_interactions(path)
        assert table["user"].tolist() == ["007", "NA"]
        assert table["item"].tolist() == ["tab\there", 'say "hi", twice']
        np.testing.assert_array_equal(table["rating"], [4.5, np.nan])
        assert table["timestamp"].tolist() == [20, 10]
        assert "note" not in table
        assert table.index.tolist() == [1, 2]

    def test_tsv_gzip_and_other_names(self, tmp_path):
        path = tmp_path / "a.tsv.gz"
        path.write_bytes(gzip.compress(b"who\twhat\nA\tB\n"))
        table = read_interactions(path, {"user": "who", "item": "what"})
        assert table.to_dict("list") == {"user": ["A"], "item": ["B"]}

    def test_parquet(self, tmp_path):
        path = tmp_path / "a.parquet"
        pd.DataFrame(
            {
                "user": [12, 7],
                "item": ["x", "y"],
                "rating": [1.0, np.nan],
                "timestamp": pd.to_datetime(["1970-01-02", "1970-01-03"]),
            }
        ).to_parquet(path)
        table = read_interactions(path)
        assert table["user"].tolist() == ["12", "7"]
        np.testing.assert_array_equal(table["rating"], [1.0, np.nan])
        assert table["timestamp"].tolist() == [86400, 172800]

    def test_integer_ids_with_a_gap_keep_their_form(self, tmp_path):
        # pandas stores integers with a missing value as floats.
        path = tmp_path / "a.parquet"
        pd.DataFrame({"user": [12.0, np.nan], "item": [1, 2]}).to_parquet(path)
        with pytest.raises(ValueError, match="row 2 .* `user` must be a non"):
            read_interactions(path)
        pd.DataFrame({"user": [12.0], "item": [1]}).to_parquet(path)
        assert read_interactions(path)["user"].tolist() == ["12"]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"user": [], "item": []}, "expected rows. Received: none"),
            ({"user": ["a\0"], "item": [1]}, "row 1 .* without the character"),
            ({"user": [b"\xff"], "item": [1]}, "expected a table .*codec"),
            ({"user": [1]}, "header must name item"),
        ],
    )
    def test_odd_parquet(self, tmp_path, columns, message):
        path = tmp_path / "a.parquet"
        pd.DataFrame(columns).to_parquet(path)
        with pytest.raises(ValueError, match=f"a.parquet.*{message}"):
            read_interactions(path)

    def test_parquet_keeps_times_exact(self, tmp_path):
        path = tmp_path / "a.parquet"
        times = [1_400_000_000_000_000_001, 1_400_000_000_000_000_000]
        table = pd.DataFrame({"user": [b"a", b"b"], "item": [1, 2]})
        table.assign(timestamp=times).to_parquet(path)
        assert read_interactions(path)["timestamp"].tolist() == times
        zoned = pd.to_datetime(
            ["2014-05-05 10:00:00.5", "2014-05-05 10:00"], format="ISO8601"
        ).tz_localize("Europe/Berlin")
        table.assign(timestamp=zoned).to_parquet(path)
        read = read_interactions(path)["timestamp"]
        # Two hours before 10:00 in UTC, 16195 days after 1970-01-01.
        start = 16195 * 86400 + 8 * 3600
        assert read.tolist() == [start + 0.5, start]

    def test_dates(self, tmp_path):
        path = _write(
            tmp_path / "a.csv",
            "user,item,timestamp\na,b,1970-01-01 00:01\na,c,1970-01-02\n",
        )
        assert read_interactions(path)["timestamp"].tolist() == [60, 86400]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("user,item\na,\n", "row 1 .* `item` must be a non-empty id"),
            ("user,item\na,b\n ,c\n", "row 2 .* `user` must be a non-empty"),
            ("user,rating\na,1\n", "header must name item. Received: "),
            (
                "user,item,rating\na,b,good\n",
                "row 1 .* `rating` must be a number. Received: 'good'",
            ),
            (
                "user,item,timestamp\na,b,soon\n",
                "row 1 .* `timestamp` must be a number of seconds, or a date",
            ),
            (
                "user,item,timestamp\na,b,12\na,c,2024-01-01\n",
                "row 1 .* the same in all rows.*Received: '12'",
            ),
            ("user,item\na,b,c\n", "row 1 .* expected 2 fields.*ceived: 3"),
            ("user,item\na,b\n\na\n", "row 3 .* expected 2 fields.*ved: 1"),
            ("user;item\na;b\n", "header must name user, .*is one column"),
            ('user,item\na,"b"c\n', "line 2: .*each quotation mark closed"),
            ('user,item\na,"b\nc,d"\n', "row 1 .*`item` must be an id on one"),
            ("user,item,item\na,b,c\n", "each column once. Received: 'item'"),
            ("user,item\na,b\n\0,c\n", "line 3: .*the character '.x00'"),
            ('user,item\na,"b\n', "expected a table with a header"),
            ("user,item\n", "expected rows. Received: none"),
            ("", r"header must name user, item. Received: \[\]"),
        ],
    )
    def test_bad_content(self, tmp_path, text, message):
        path = _write(tmp_path / "a.csv", text)
        with pytest.raises(ValueError, match=message) as error:
            read_interactions(path)
        assert str(path) in str(error.value)

    def test_not_utf8(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_bytes("user,item\na,caf\xe9\n".encode("latin-1"))
        with pytest.raises(ValueError, match="expected text in utf-8.*latin-1"):
            read_interactions(path)
        table = read_interactions(path, encoding="latin-1")
        assert table["item"].tolist() == ["caf\xe9"]

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
    def test_a_byte_order_mark_decides(self, tmp_path, encoding):
        path = tmp_path / "a.tsv"
        path.write_bytes("user\titem\r\nÄ\t1\r\n".encode(encoding))
        table = read_interactions(path, encoding="latin-1")
        assert table.to_numpy().tolist() == [["Ä", "1"]]

    @pytest.mark.parametrize("encoding", ["utf-9", "hex", "none such"])
    @pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
    def test_unknown_encoding(self, tmp_path, encoding, name):
        path = _write(tmp_path / name, "user,item\na,b\n")
        if (encoding, name) == ("hex", "a.parquet"):
            return
        with pytest.raises(ValueError, match=f"`encoding` must .*{encoding}"):
            read_interactions(path, encoding=encoding)

    def test_two_columns_of_one_name(self, tmp_path):
        path = _write(tmp_path / "a.csv", "id,item\na,b\n")
        message = "of its own. Received: user and item are both 'id'"
        with pytest.raises(ValueError, match=message):
            read_interactions(path, {"user": "id", "item": "id"})

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (["u1", "u1\xa0"], "row 2, beside 'u1'. They are kept"),
            (["caf\xe9", "cafe\u0301"], "1 values of `user` .*Unicode form"),
            (["7", "007", "7.0"], "2 values .* the first is '007' on row 2"),
            (
                ["1.23457E+12", "5"],
                "1 values .*rounded.*'1.23457E.12' on row 1",
            ),
        ],
    )
    def test_ids_that_look_alike_are_kept_with_a_warning(
        self, tmp_path, values, message
    ):
        rows = "".join(f"{value},x\n" for value in values)
        path = _write(tmp_path / "a.csv", "user,item\n" + rows)
        with pytest.warns(UserWarning, match=message):
            assert read_interactions(path)["user"].tolist() == values

    def test_unknown_kind_of_file(self, tmp_path):
        path = _write(tmp_path / "a.xlsx", "x")
        with pytest.raises(ValueError, match="none of .csv, .tsv, .parquet"):
            read_interactions(path)

    def test_damaged_parquet_and_gzip(self, tmp_path):
        for name in ("a.parquet", "a.csv.gz"):
            path = _write(tmp_path / name, "nonsense")
            with pytest.raises(ValueError, match="expected a (table|gzip)"):
                read_interactions(path)
        whole = gzip.compress(b"user,item\n" + b"a,b\n" * 9)
        path.write_bytes(whole[:-6])
        with pytest.raises(ValueError, match="complete gzip .*corrupt or cut"):
            read_interactions(path)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="Expected: .*none.csv"):
            read_interactions(tmp_path / "none.csv")

    def test_column_that_is_not_there(self, tmp_path):
        path = _write(tmp_path / "a.csv", "user,item\na,b\n")
        with pytest.raises(ValueError, match="must name stars. Received: "):
            read_interactions(path, {"rating": "stars"})


class TestReadItems:
    def test_csv(self, tmp_path):
        path = _write(
            tmp_path / "a.csv", "item,title,image,price\n1,,a.png,3\n2,Cup,,4\n"
        )
        items = read_items(path)
        assert items.index.tolist() == ["1", "2"]
        assert items.to_dict("list") == {
            "title": ["", "Cup"],
            "image": ["a.png", ""],
        }

    def test_duplicate_ids(self, tmp_path):
        path = _write(tmp_path / "a.csv", "item,title\n1,a\n2,b\n2,c\n1,d\n")
        with pytest.raises(ValueError) as error:
            read_items(path)
        assert (
            "row 3 below the header: each item must be there once. Received: "
            "'2' again, first on row 2 (2 such rows)"
        ) in str(error.value)

    def test_nothing_but_ids(self, tmp_path):
        path = _write(tmp_path / "a.csv", "item,price\n1,2\n")
        with pytest.raises(ValueError, match="at least one of the columns ti"):
            read_items(path)

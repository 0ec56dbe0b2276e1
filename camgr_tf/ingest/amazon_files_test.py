import gzip
import json
import struct
import warnings

import numpy as np
import pytest

from camgr_tf.ingest import amazon_files


def _write_json(path, records):
    lines = "\n".join(map(json.dumps, records))
    path.write_bytes(gzip.compress(lines.encode()))
    return path


def _review(user, asin, rating=5.0, time=100):
    return {
        "reviewerID": user,
        "asin": asin,
        "overall": rating,
        "unixReviewTime": time,
    }


def _write_metadata(path, records):
    """As published: a Python literal per line."""
    path.write_bytes(gzip.compress("\n".join(map(repr, records)).encode()))
    return path


class TestReadReviews:
    def _read(self, tmp_path, records):
        path = _write_json(tmp_path / "reviews_Baby_5.json.gz", records)
        return amazon_files.read_reviews(path, progress=False)

    def test_ids_and_rows_are_sorted(self, tmp_path):
        reviews = self._read(
            tmp_path,
            [
                _review("B", "0002", 4.0, 30),
                _review("A", "0009", 1.0, 20),
                _review("B", "0001", 2.0, 10),
            ],
        )
        assert reviews.user_ids == ["A", "B"]
        assert reviews.asins == ["0001", "0002", "0009"]
        assert reviews.users.tolist() == [0, 1, 1]
        assert reviews.items.tolist() == [2, 0, 1]
        assert reviews.ratings.tolist() == [1.0, 2.0, 4.0]
        assert reviews.timestamps.tolist() == [20, 10, 30]

    def test_repeated_review_keeps_the_first(self, tmp_path):
        records = [_review("A", "1", 3.0), _review("A", "1", 5.0)]
        with pytest.warns(UserWarning, match="1 reviews are of an item that"):
            reviews = self._read(tmp_path, records)
        assert reviews.ratings.tolist() == [3.0]

    @pytest.mark.parametrize("time", [10**30, True, "100", None, 1.5])
    def test_what_is_no_time(self, tmp_path, time):
        records = [_review("A", "1"), _review("B", "1", time=time)]
        with pytest.warns(UserWarning, match="1 records have no `unixReviewT"):
            assert self._read(tmp_path, records).timestamps is None

    @pytest.mark.parametrize("rating", [10**400, True, "5", None])
    def test_what_is_no_rating(self, tmp_path, rating):
        records = [_review("A", "1", 4.0), _review("B", "1", rating)]
        ratings = self._read(tmp_path, records).ratings
        np.testing.assert_array_equal(ratings, [4.0, np.nan])

    def test_records_without_ids_are_counted(self, tmp_path):
        records = [_review("A", "1"), _review(None, "1"), {"asin": "1"}]
        with pytest.warns(UserWarning, match="2 records have no `reviewerID`"):
            assert len(self._read(tmp_path, records).users) == 1

    def test_no_records_with_ids(self, tmp_path):
        with pytest.raises(ValueError, match="none among 1 records"):
            self._read(tmp_path, [{"user": "A"}])

    def test_rating_and_time_may_be_missing(self, tmp_path):
        records = [_review("A", "1"), {"reviewerID": "A", "asin": "2"}]
        with pytest.warns(UserWarning, match="1 records have no `unixReview"):
            reviews = self._read(tmp_path, records)
        assert reviews.timestamps is None
        np.testing.assert_array_equal(reviews.ratings, [5.0, np.nan])


class TestReadMetadata:
    def _read(self, tmp_path, records, asins):
        path = _write_metadata(tmp_path / "meta_Baby.json.gz", records)
        return amazon_files.read_metadata(path, asins, progress=False)

    def test_text_is_title_brand_categories_description(self, tmp_path):
        metadata = self._read(
            tmp_path,
            [
                {
                    "asin": "0001",
                    "title": "Cup &amp;  Spoon",
                    "description": 'Don\'t "drop"',
                    "brand": "Acme",
                    "categories": [["Baby", "Feeding"], ["Kitchen"]],
                    "imUrl": "http://example.org/a.jpg",
                    "related": {"also_bought": ["0009"]},
                },
                {"asin": "0002"},
                {"asin": "0003", "title": "Not wanted"},
            ],
            ["0001", "0002", "0004"],
        )
        assert metadata == {
            "0001": {
                "title": "Cup & Spoon",
                "text": 'Cup & Spoon Acme Baby Feeding Kitchen Don\'t "drop"',
                "image_url": "http://example.org/a.jpg",
            },
            "0002": {"title": "", "text": "", "image_url": ""},
        }

    def test_asin_need_not_come_first(self, tmp_path):
        records = [{"title": "Cup", "asin": "0001"}]
        metadata = self._read(tmp_path, records, ["0001"])
        assert metadata["0001"]["title"] == "Cup"

    def test_repeated_item_keeps_the_first(self, tmp_path):
        records = [{"asin": "1", "title": t} for t in ("one", "two")]
        with pytest.warns(UserWarning, match="1 records describe an item aga"):
            assert self._read(tmp_path, records, ["1"])["1"]["title"] == "one"


class TestReadImageFeatures:
    def _write(self, path, records):
        with open(path, "wb") as file:
            for asin, value in records:
                file.write(asin.encode())
                file.write(struct.pack("<4096f", value, *[1.0] * 4095))
        return path

    def _read(self, path, asins):
        return amazon_files.read_image_features(path, asins, progress=False)

    def test_rows_in_the_order_asked_for(self, tmp_path):
        records = [("B00000000A", 1.5), ("B00000000C", 2.5)]
        path = self._write(tmp_path / "f.b", records)
        asins = ["B00000000C", "B00000000B", "B00000000A"]
        features, present = self._read(path, asins)
        assert features.shape == (3, 4096) and features.dtype == np.float32
        assert features[:, 0].tolist() == [2.5, 0.0, 1.5]
        assert features[:, 4095].tolist() == [1.0, 0.0, 1.0]
        assert present.tolist() == [True, False, True]

    def test_more_records_than_one_read(self, tmp_path):
        asins = [f"B{row:09d}" for row in range(600)]
        records = [(asin, float(row)) for row, asin in enumerate(asins)]
        path = self._write(tmp_path / "f.b", records)
        features, present = self._read(path, asins)
        assert present.all()
        np.testing.assert_array_equal(features[:, 0], np.arange(600))

    def test_repeated_record_keeps_the_first(self, tmp_path):
        records = [("B00000000A", 1.0), ("B00000000A", 2.0)]
        path = self._write(tmp_path / "f.b", records)
        assert self._read(path, ["B00000000A"])[0][0, 0] == 1.0

    def test_useless_values_are_absent(self, tmp_path):
        path = self._write(tmp_path / "f.b", [("B00000000A", np.nan)])
        with open(path, "ab") as file:
            file.write(b"B00000000B" + bytes(4 * 4096))
        with pytest.warns(UserWarning, match="2 records .* is B00000000A"):
            features, present = self._read(path, ["B00000000A", "B00000000B"])
        assert not present.any() and not features.any()

    def test_cut_in_the_middle(self, tmp_path):
        path = self._write(tmp_path / "f.b", [("B00000000A", 1.0)] * 2)
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(ValueError) as error:
            self._read(path, [])
        assert (
            "Received: 20,000 bytes, that is 1 records and 3,606 bytes. The "
            "file is cut"
        ) in str(error.value)

    def test_empty_and_missing(self, tmp_path):
        path = tmp_path / "f.b"
        with pytest.raises(FileNotFoundError, match="Expected: .*f.b"):
            self._read(path, [])
        path.touch()
        with pytest.raises(ValueError, match="Received: 0 bytes"):
            self._read(path, [])

    def test_unwanted_records_are_silent(self, tmp_path):
        path = self._write(tmp_path / "f.b", [("B00000000A", np.nan)])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self._read(path, ["B00000000B"])

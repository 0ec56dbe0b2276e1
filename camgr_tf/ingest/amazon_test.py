import gzip
import json
import os
import struct
import warnings

import numpy as np
import pytest

from camgr_tf.data.dataset import load_dataset
from camgr_tf.ingest import amazon

_COLORS = ("red", "blue", "green", "gold")
_THINGS = ("mug", "lamp", "bag", "clock", "towel")


def write_raw_files(folder, category, num_users=12, num_items=20):
    """Writes the three raw files, in the published formats.

    User `u` reviews the 10 items `u, u + 1, ...` (modulo the number of
    items). The last item has no metadata, the last but one no image.
    """
    folder.mkdir(exist_ok=True)
    names = amazon.raw_file_names(category)
    asins = [f"B{row:09d}" for row in range(num_items)]
    reviews = [
        {
            "reviewerID": f"A{user:03d}",
            "asin": asins[(user + step) % num_items],
            "reviewerName": 'Jo "J" Doe',
            "helpful": [0, 1],
            "reviewText": "Good.\tVery good.\n",
            "overall": 4.0,
            "unixReviewTime": 1400000000 + 86400 * step + user,
        }
        for user in reversed(range(num_users))
        for step in range(10)
    ]
    _write_lines(folder / names["reviews"], map(json.dumps, reviews))
    metadata = [
        {
            "asin": asin,
            "title": f"{_COLORS[row % 4]} {_THINGS[row % 5]}",
            "imUrl": f"http://example.org/{asin}.jpg",
            "categories": [["Baby"]],
        }
        for row, asin in enumerate(asins[:-1])
    ]
    others = [{"asin": "B999999999", "title": "Of another core"}]
    _write_lines(folder / names["metadata"], map(repr, others + metadata))
    with open(folder / names["image_features"], "wb") as file:
        for row in reversed(range(num_items)):
            if row != num_items - 2:
                file.write(asins[row].encode())
                file.write(struct.pack("<4096f", *[row + 1.0] * 4096))
    return asins


def _write_lines(path, lines):
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def _build(tmp_path, category="Toys", **options):
    options = {"text_options": {"dimension": 8}, **options}
    return amazon.build_amazon_dataset(
        category,
        tmp_path / "raw",
        tmp_path / "data" / "toys",
        progress=False,
        **options,
    )


class TestBuildAmazonDataset:
    @pytest.fixture
    def asins(self, tmp_path):
        return write_raw_files(tmp_path / "raw", "Toys")

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_folder_loads(self, tmp_path, asins):
        record = _build(tmp_path)
        dataset = load_dataset("toys", tmp_path / "data")
        assert dataset.interactions.num_users == 12
        assert dataset.interactions.num_items == 20
        # 10 rows a user: 2 held out, one each for validation and test.
        parts = dataset.interactions.parts
        assert {name: len(rows) for name, rows in parts.items()} == {
            "train": 96,
            "validation": 12,
            "test": 12,
        }
        pairs = np.concatenate(list(parts.values()))
        want = {(u, (u + s) % 20) for u in range(12) for s in range(10)}
        assert set(map(tuple, pairs.tolist())) == want
        assert dataset.items["original_id"].tolist() == asins
        assert dataset.items["title"][6] == "green lamp"
        assert dataset.items["title"][19] == ""
        assert dataset.items["image_url"][1] == (
            "http://example.org/B000000001.jpg"
        )
        assert dataset.users["original_id"][3] == "A003"
        assert dataset.provenance == record

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_features_masks_and_imputation(self, tmp_path, asins):
        record = _build(tmp_path)
        dataset = load_dataset("toys", tmp_path / "data")
        image = dataset.features["image"]
        assert image.shape == (20, 4096)
        # Item r has r + 1 everywhere; item 18 gets the mean of the others.
        values = np.arange(1.0, 21.0)
        values[18] = np.delete(values, 18).mean()
        np.testing.assert_allclose(image[:, 7], values, rtol=1e-6)
        has_image = dataset.has_modality["image"]
        assert np.flatnonzero(~has_image).tolist() == [18]
        text = dataset.features["text"]
        assert text.shape == (20, 8)
        np.testing.assert_allclose(text[19], text[:19].mean(axis=0), atol=1e-6)
        has_text = dataset.has_modality["text"]
        assert np.flatnonzero(~has_text).tolist() == [19]
        assert record["counts"]["imputed"] == {"image": 1, "text": 1}
        assert record["counts"]["items_without_metadata"] == 1

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_provenance(self, tmp_path, asins):
        record = _build(tmp_path, split_seed=5)
        assert [source["file"] for source in record["sources"]] == [
            "reviews_Toys_5.json.gz",
            "meta_Toys.json.gz",
            "image_features_Toys.b",
        ]
        assert record["sources"][2]["bytes"] == 19 * (10 + 4 * 4096)
        assert record["parameters"] == {
            "category": "Toys",
            "split": "random",
            "split_seed": 5,
            "imputation": "mean",
        }
        assert record["encoders"]["text"]["encoder"] == "sentence2vec"

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_split_by_time(self, tmp_path, asins):
        record = _build(tmp_path, split="leave_one_out")
        assert record["parameters"]["split_seed"] is None
        test = load_dataset("toys", tmp_path / "data").interactions.test
        # The last review of user u is of item u + 9.
        assert test.tolist() == [[u, (u + 9) % 20] for u in range(12)]

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_same_seed_same_content(self, tmp_path, asins):
        hashes = []
        for seed in (1, 1, 2):
            _build(tmp_path, split_seed=seed, overwrite=True)
            dataset = load_dataset("toys", tmp_path / "data")
            hashes.append(dataset.content_hash)
        assert hashes[0] == hashes[1] != hashes[2]

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_table_1_is_checked_for_the_papers_categories(
        self, tmp_path, asins
    ):
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*Table 1")
            _build(tmp_path)
        write_raw_files(tmp_path / "raw", "Baby")
        with pytest.warns(UserWarning) as caught:
            _build(tmp_path, "Baby", overwrite=True)
        assert any(
            "has 19445 users, 7050 items and 160792 interactions. Received: "
            "12, 20 and 120." in str(warning.message)
            for warning in caught
        )

    @pytest.mark.filterwarnings("ignore:1 of 20 texts")
    def test_without_images(self, tmp_path, asins):
        (tmp_path / "raw" / "image_features_Toys.b").unlink()
        _build(tmp_path, use_images=False)
        dataset = load_dataset("toys", tmp_path / "data", ("text",))
        assert list(dataset.features) == ["text"]
        assert not (dataset.folder / "image_feat.npy").exists()

    def test_missing_files_are_all_named(self, tmp_path, asins):
        (tmp_path / "raw" / "image_features_Toys.b").unlink()
        (tmp_path / "raw" / "meta_Toys.json.gz").unlink()
        with pytest.raises(FileNotFoundError) as error:
            _build(tmp_path)
        assert "lacks meta_Toys.json.gz, image_features_Toys.b." in str(
            error.value
        )

    def test_a_cut_file_leaves_no_folder(self, tmp_path, asins):
        path = tmp_path / "raw" / "image_features_Toys.b"
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(ValueError, match="The file is cut"):
            _build(tmp_path)
        assert os.listdir(tmp_path / "data") == []

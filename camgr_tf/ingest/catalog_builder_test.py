import csv
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from camgr_tf.data.dataset import load_dataset
from camgr_tf.ingest import parquet_table
from camgr_tf.ingest.catalog_builder import build_catalog_dataset
from camgr_tf.ingest.image_features import color_shape_features

_COLORS = ("red", "blue", "green", "gold")
_THINGS = ("mug", "lamp", "bag")
_OPTIONS = {
    "image_options": {"encoder": "color_shape"},
    "text_options": {"dimension": 8},
}


def write_catalog_files(folder, num_users=8):
    """Writes 12 items with pictures and titles, each bought by all users.

    Item 3 has no picture, item 4 an unreadable one, item 5 no title. Ids
    hold a tab and quotes.
    """
    (folder / "pictures").mkdir(parents=True)
    ids = [f'item\t"{row:02d}"' for row in range(12)]
    items = pd.DataFrame(
        {
            "item": ids,
            "title": [f"{_COLORS[r % 4]} {_THINGS[r % 3]}" for r in range(12)],
            "image": [f"pictures/{row}.png" for row in range(12)],
        }
    )
    for row, path in enumerate(items["image"]):
        color = _COLORS[row % 4]
        Image.new("RGB", (20, 20), color).save(folder / path)
    items.loc[3, "image"] = ""
    (folder / items["image"][4]).write_bytes(b"no picture")
    items.loc[5, "title"] = ""
    items[::-1].to_csv(folder / "items.csv", index=False)
    interactions = pd.DataFrame(
        [
            {"user": f"u{user}", "item": item, "rating": 5, "timestamp": time}
            for user in range(num_users)
            for time, item in enumerate(ids)
        ]
    )
    interactions.to_csv(folder / "interactions.csv", index=False)
    return interactions, items


def _build(tmp_path, **options):
    return build_catalog_dataset(
        tmp_path / "interactions.csv",
        tmp_path / "items.csv",
        tmp_path / "data" / "shop",
        **{**_OPTIONS, **options},
    )


@pytest.mark.filterwarnings("ignore:Pictures", "ignore:[12] of 12 texts")
class TestBuildCatalogDataset:
    def test_folder_loads_with_original_ids(self, tmp_path):
        interactions, items = write_catalog_files(tmp_path)
        record = _build(tmp_path)
        dataset = load_dataset("shop", tmp_path / "data")
        assert dataset.items["original_id"].tolist() == items["item"].tolist()
        assert dataset.items["title"].tolist() == items["title"].tolist()
        assert dataset.users["original_id"].tolist() == [
            f"u{user}" for user in range(8)
        ]
        # 12 rows a user: 2 of them held out.
        parts = dataset.interactions.parts
        assert [len(rows) for rows in parts.values()] == [80, 8, 8]
        assert dataset.provenance == record
        assert record["counts"]["imputed"] == {"image": 2, "text": 1}
        assert record["encoders"]["image"]["pictures"] == {
            "read": 10,
            "no path": 1,
            "unreadable": 1,
        }

    def test_pictures_are_copied_and_described(self, tmp_path):
        write_catalog_files(tmp_path)
        _build(tmp_path)
        dataset = load_dataset("shop", tmp_path / "data")
        paths = dataset.items["image"]
        assert (paths[[3, 4]] == "").all()
        known = [item for item in range(12) if item not in (3, 4)]
        assert paths[0] == str(dataset.folder / "images" / "0.png")
        want, _ = color_shape_features(paths[known])
        image = dataset.features["image"]
        np.testing.assert_array_equal(image[known], want)
        has_image = dataset.has_modality["image"]
        assert np.flatnonzero(~has_image).tolist() == [3, 4]
        np.testing.assert_allclose(image[3], want.mean(axis=0), atol=1e-6)

    def test_neighbors_imputation(self, tmp_path):
        write_catalog_files(tmp_path)
        _build(tmp_path, imputation="neighbors")
        image = load_dataset("shop", tmp_path / "data").features["image"]
        # Only 9 items have a picture and a title, fewer than ten neighbors.
        both = np.setdiff1d(np.arange(12), [3, 4, 5])
        np.testing.assert_allclose(
            image[4], image[both].mean(axis=0), rtol=1e-5
        )

    def test_parquet_gives_the_same_dataset(self, tmp_path, monkeypatch):
        monkeypatch.setattr(parquet_table, "BATCH_ROWS", 7)
        interactions, items = write_catalog_files(tmp_path)
        # Row 5 again: the first row of a pair is kept.
        interactions = pd.concat([interactions, interactions[4:5]])
        interactions.to_csv(tmp_path / "interactions.csv", index=False)
        interactions.to_parquet(tmp_path / "interactions.parquet")
        items[::-1].to_parquet(tmp_path / "items.parquet")
        hashes = set()
        for suffix in ("csv", "parquet"):
            with pytest.warns(UserWarning, match="1 rows repeat .* is row 97"):
                build_catalog_dataset(
                    tmp_path / f"interactions.{suffix}",
                    tmp_path / f"items.{suffix}",
                    tmp_path / suffix / "shop",
                    **_OPTIONS,
                )
            dataset = load_dataset("shop", tmp_path / suffix)
            hashes.add(dataset.content_hash)
            assert dataset.items["original_id"].tolist() == list(items["item"])
        assert len(hashes) == 1

    def test_threshold_duplicates_and_core(self, tmp_path):
        interactions, _ = write_catalog_files(tmp_path)
        more = pd.DataFrame(
            [
                {"user": "u0", "item": 'item\t"00"', "rating": 1},
                {"user": "u0", "item": 'item\t"01"', "rating": 4},
                {"user": "rare", "item": 'item\t"01"', "rating": 5},
                {"user": "u0", "item": "item\t12", "rating": 5},
            ]
        )
        pd.concat([interactions, more]).drop(columns="timestamp").to_csv(
            tmp_path / "interactions.csv", index=False
        )
        with pytest.warns(UserWarning, match="1 rows repeat .* is row 98 b"):
            record = _build(tmp_path, min_rating=4)
        counts = record["counts"]
        assert counts["interactions"] == 96
        assert counts["rows_below_min_rating"] == 1
        assert counts["rows_repeated"] == 1
        assert counts["rows_outside_k_core"] == 2
        assert (counts["users"], counts["items"]) == (8, 12)

    def test_split_by_time_and_its_record(self, tmp_path):
        write_catalog_files(tmp_path)
        record = _build(tmp_path, split="leave_one_out")
        test = load_dataset("shop", tmp_path / "data").interactions.test
        assert test.tolist() == [[user, 11] for user in range(8)]
        assert record["parameters"]["split"] == "leave_one_out"

    def test_items_that_are_not_in_the_table(self, tmp_path):
        write_catalog_files(tmp_path)
        items = pd.read_csv(tmp_path / "items.csv", keep_default_na=False)
        items = items[items["item"] != 'item\t"07"']
        extra = pd.DataFrame({"item": ["unsold"], "title": [""], "image": [""]})
        pd.concat([items, extra]).to_csv(tmp_path / "items.csv", index=False)
        with pytest.warns(UserWarning, match="1 of 12 items with interactions"):
            record = _build(tmp_path)
        assert record["counts"]["items_not_in_table"] == 1
        assert record["counts"]["items_left_out"] == 1
        dataset = load_dataset("shop", tmp_path / "data")
        assert not dataset.has_modality["image"][7]
        assert dataset.items["original_id"][7] == 'item\t"07"'

    @pytest.mark.parametrize("form", ["{}.0", "0{}", " {}", "{}\u200b"])
    def test_items_in_another_form_of_their_ids(self, tmp_path, form):
        write_catalog_files(tmp_path)
        for name in ("items", "interactions"):
            table = pd.read_csv(tmp_path / f"{name}.csv")
            table["item"] = table["item"].str[6:8].astype(int)
            if name == "interactions":
                table["item"] = table["item"].map(form.format)
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        message = "12 items .* in another form .* is '0' there and .* alike"
        with pytest.raises(ValueError, match=message):
            _build(tmp_path)

    def test_none_of_the_items_is_in_the_table(self, tmp_path):
        write_catalog_files(tmp_path)
        items = pd.read_csv(tmp_path / "items.csv")
        items.assign(item=items.index).to_csv(tmp_path / "items.csv")
        with pytest.raises(ValueError, match="none of the 12 .* such as '0'"):
            _build(tmp_path)

    def test_days_before_months_or_after(self, tmp_path):
        interactions, _ = write_catalog_files(tmp_path)
        # Row 0 comes last when its first number is the month.
        dates = ["12/01/2014", *[f"01/{day:02}/2014" for day in range(2, 13)]]
        interactions["timestamp"] = dates * 8
        interactions.to_csv(tmp_path / "interactions.csv", index=False)
        with pytest.raises(ValueError, match="row 1 .*`timestamp_format`"):
            _build(tmp_path, split="leave_one_out")
        for form, last in (("%m/%d/%Y", 0), ("%d/%m/%Y", 11)):
            _build(
                tmp_path,
                split="leave_one_out",
                timestamp_format=form,
                overwrite=True,
            )
            test = load_dataset("shop", tmp_path / "data").interactions.test
            assert test.tolist() == [[user, last] for user in range(8)]

    def test_titles_with_line_ends_and_scripts_without_spaces(self, tmp_path):
        write_catalog_files(tmp_path)
        items = pd.read_csv(tmp_path / "items.csv", keep_default_na=False)
        items = items.sort_values("item", ignore_index=True)
        titles = ["red\rmug", "\r", "a\r\nb", "红色杯子", 'x"', "é, ü"] * 2
        items.assign(title=titles).to_csv(
            tmp_path / "items.csv", index=False, quoting=csv.QUOTE_ALL
        )
        _build(tmp_path)
        dataset = load_dataset("shop", tmp_path / "data")
        assert dataset.items["title"].tolist() == titles

    def test_titles_only(self, tmp_path):
        write_catalog_files(tmp_path)
        items = pd.read_csv(tmp_path / "items.csv", keep_default_na=False)
        items.drop(columns="image").to_csv(tmp_path / "items.csv", index=False)
        _build(tmp_path)
        assert not (tmp_path / "data" / "shop" / "image_feat.npy").exists()
        load_dataset("shop", tmp_path / "data", modalities=("text",))

    def test_nothing_left(self, tmp_path):
        write_catalog_files(tmp_path)
        with pytest.raises(ValueError, match="no interactions are left. Of 96"):
            _build(tmp_path, k_core=13)
        assert os.listdir(tmp_path / "data") == []

    def test_no_pictures_at_all(self, tmp_path):
        write_catalog_files(tmp_path)
        with pytest.raises(ValueError, match="No item has the modality 'image"):
            _build(tmp_path, image_root=tmp_path / "elsewhere")
        assert os.listdir(tmp_path / "data") == []

    def test_threshold_without_ratings(self, tmp_path):
        interactions, _ = write_catalog_files(tmp_path)
        interactions.drop(columns="rating").to_csv(
            tmp_path / "interactions.csv", index=False
        )
        with pytest.raises(ValueError, match="`min_rating` needs a column"):
            _build(tmp_path, min_rating=3)

    def test_unknown_column_key(self, tmp_path):
        with pytest.raises(ValueError, match="`columns` may name user, item"):
            _build(tmp_path, columns={"customer": "x"})

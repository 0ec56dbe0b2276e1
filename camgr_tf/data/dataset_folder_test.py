import os

import numpy as np
import pandas as pd
import pytest

from camgr_tf.data.catalog import read_catalog
from camgr_tf.data.dataset_folder import staged_folder
from camgr_tf.data.dataset_folder import write_dataset


def _make(target, text="one", **options):
    with staged_folder(target, **options) as folder:
        (folder / f"{target.name}.inter").write_text(text)


class TestStagedFolder:
    def test_becomes_the_target_only_at_the_end(self, tmp_path):
        target = tmp_path / "new" / "shop"
        with staged_folder(target) as folder:
            (folder / "file").write_text("x")
            assert not target.exists()
        assert os.listdir(target.parent) == ["shop"]
        assert (target / "file").read_text() == "x"

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_nothing_is_left_after_an_error(self, tmp_path, error):
        with pytest.raises(error):
            with staged_folder(tmp_path / "shop") as folder:
                (folder / "file").write_text("x")
                raise error
        assert os.listdir(tmp_path) == []

    def test_existing_folder_is_refused_before_any_work(self, tmp_path):
        _make(tmp_path / "shop")
        with pytest.raises(FileExistsError, match="shop exists. Pass `over"):
            with staged_folder(tmp_path / "shop"):
                pytest.fail("The block must not run.")

    def test_overwrite_replaces_the_whole_folder(self, tmp_path):
        target = tmp_path / "shop"
        _make(target)
        (target / "old").write_text("old")
        _make(target, "two", overwrite=True)
        assert os.listdir(target) == ["shop.inter"]
        assert (target / "shop.inter").read_text() == "two"
        assert os.listdir(tmp_path) == ["shop"]

    def test_an_error_keeps_the_older_dataset(self, tmp_path):
        target = tmp_path / "shop"
        _make(target)
        with pytest.raises(ValueError):
            with staged_folder(target, overwrite=True):
                raise ValueError
        assert (target / "shop.inter").read_text() == "one"
        assert os.listdir(tmp_path) == ["shop"]

    def test_other_folders_are_never_overwritten(self, tmp_path):
        target = tmp_path / "holidays"
        target.mkdir()
        (target / "photo").write_text("x")
        with pytest.raises(FileExistsError, match="is no dataset folder"):
            _make(target, overwrite=True)
        assert (target / "photo").read_text() == "x"


class TestWriteDataset:
    def test_files(self, tmp_path):
        original_ids = ['tab\there, "quotes"', "NA", "line\nbreak"]
        write_dataset(
            tmp_path,
            "shop",
            pd.DataFrame({"userID": [0], "itemID": [2], "x_label": [1]}),
            {"image": np.ones((3, 2))},
            {"image": np.array([True, False, True])},
            pd.DataFrame({"original_id": original_ids}),
            pd.DataFrame({"original_id": ["007"]}),
        )
        text = (tmp_path / "shop.inter").read_text()
        assert text == "userID\titemID\tx_label\n0\t2\t1\n"
        features = np.load(tmp_path / "image_feat.npy")
        assert features.dtype == np.float32 and features.shape == (3, 2)
        mask = np.load(tmp_path / "image_mask.npy")
        assert mask.tolist() == [True, False, True]
        items = read_catalog(tmp_path / "items.csv", "itemID")
        assert items["original_id"].tolist() == original_ids
        users = read_catalog(tmp_path / "users.csv", "userID")
        assert users["original_id"].tolist() == ["007"]

import logging
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from camgr_tf.data.dataset import load_dataset
from camgr_tf.data.statistics import summarize_interactions
from camgr_tf.ingest import demo

# User 0 has items 0, 1, 2; user 1 has items 1, 2, 3. Item 4 has none.
_ROWS = [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 3, 0), (1, 2, 1), (1, 1, 2)]
_IMAGE = np.arange(1.0, 11.0).reshape(5, 2)
_TEXT = np.arange(1.0, 16.0).reshape(5, 3)


@pytest.fixture
def folder(tmp_path):
    """A dataset `toy` in `tmp_path` that has nothing wrong."""
    folder = tmp_path / "toy"
    folder.mkdir()
    _write_rows(folder, _ROWS)
    np.save(folder / "image_feat.npy", _IMAGE)
    np.save(folder / "text_feat.npy", _TEXT)
    return folder


def _write_rows(folder, rows, header=("userID", "itemID", "x_label")):
    lines = ["\t".join(map(str, row)) for row in [header, *rows]]
    (folder / "toy.inter").write_text("\n".join(lines) + "\n")


def _load(folder, **arguments):
    return load_dataset("toy", folder.parent, **arguments)


def test_reads_a_folder(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = _load(folder)
    assert (data.name, data.folder) == ("toy", folder)
    interactions = data.interactions
    assert (interactions.num_users, interactions.num_items) == (2, 5)
    np.testing.assert_array_equal(interactions.train, [[0, 0], [1, 3]])
    np.testing.assert_array_equal(interactions.validation, [[0, 1], [1, 2]])
    np.testing.assert_array_equal(interactions.test, [[0, 2], [1, 1]])
    assert (interactions.split, interactions.split_seed) == ("file", None)
    assert list(data.features) == ["image", "text"]
    np.testing.assert_array_equal(data.features["text"], _TEXT)
    assert data.has_modality["image"].tolist() == [True] * 5
    assert data.items["original_id"].tolist() == ["0", "1", "2", "3", "4"]
    assert data.users["original_id"].tolist() == ["0", "1"]
    assert data.provenance == {}
    assert len(data.content_hash) == 64


@pytest.mark.parametrize("modality", ["../toy/image", "a/b", "", " ", "/"])
def test_a_modality_is_no_path(folder, modality):
    with pytest.raises(ValueError, match="without a path. Received: "):
        _load(folder, modalities=("text", modality))


@pytest.mark.parametrize("modality", ["front view", "a:b", "图", "é.v2"])
def test_any_other_name_is_read(folder, modality):
    (folder / "image_feat.npy").rename(folder / f"{modality}_feat.npy")
    data = _load(folder, modalities=(modality,))
    np.testing.assert_array_equal(data.features[modality], _IMAGE)


def test_ids_that_leave_most_numbers_out_are_refused_at_once(folder):
    _write_rows(folder, [*_ROWS, (2_000_000_000, 0, 0)])
    with pytest.raises(ValueError, match="512,000.00 MB instead of 0.00 MB"):
        _load(folder)
    with pytest.raises(ValueError, match="`userID` up to the largest"):
        _load(folder, modalities=(), split="random")


def test_modalities_are_a_parameter(folder):
    np.save(folder / "sound_feat.npy", np.ones((5, 7)))
    data = _load(folder, modalities=("text", "sound", "image"))
    assert list(data.features) == ["text", "sound", "image"]
    assert data.features["sound"].shape == (5, 7)
    assert list(_load(folder, modalities=("sound",)).features) == ["sound"]


def test_without_modalities_the_ids_are_counted(folder):
    data = _load(folder, modalities=())
    assert data.features == {}
    assert data.interactions.num_items == 4
    (folder / "items.csv").write_text("itemID,original_id\n5,B5\n")
    assert _load(folder, modalities=()).interactions.num_items == 6


def test_reads_what_describes_items_and_users(folder):
    (folder / "items.csv").write_text(
        "itemID,original_id,title,image\n0,B0,mug,images/0.png\n1,B1,,\n"
    )
    (folder / "users.csv").write_text("userID,original_id\n1,A1\n0,A0\n")
    (folder / "provenance.json").write_text('{"builder": "hand"}')
    data = _load(folder)
    assert data.items["original_id"].tolist() == ["B0", "B1", "2", "3", "4"]
    assert data.items["title"].tolist() == ["mug", "", "", "", ""]
    assert data.items["image"].tolist() == [
        str(folder / "images/0.png"),
        *[""] * 4,
    ]
    assert data.users["original_id"].tolist() == ["A0", "A1"]
    assert data.provenance == {"builder": "hand"}


def test_content_hash_follows_the_content(folder):
    first = _load(folder).content_hash
    _write_rows(folder, _ROWS[::-1])  # the order of rows says nothing
    assert _load(folder).content_hash == first
    hashes = {
        first,
        _load(folder, modalities=("image",)).content_hash,
        _load(folder, split="random", split_seed=1).content_hash,
    }
    np.save(folder / "image_mask.npy", np.array([True] * 4 + [False]))
    hashes.add(_load(folder).content_hash)
    np.save(folder / "text_feat.npy", _TEXT + 1)
    hashes.add(_load(folder).content_hash)
    assert len(hashes) == 5


def test_root_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("CAMGR_DATA", str(folder.parent))
    assert load_dataset("toy").folder == folder
    monkeypatch.delenv("CAMGR_DATA")
    root = folder.parent / "data"
    root.mkdir()
    folder.rename(root / "toy")
    monkeypatch.chdir(folder.parent)
    assert load_dataset("toy").folder == root / "toy"


def test_unknown_dataset_says_where_it_looked(folder):
    message = (
        "No dataset 'baby'. Looked for the folder .*/baby. Datasets in "
        ".*: toy. The root is `data_root`, else the environment variable "
        "CAMGR_DATA, else .*data"
    )
    with pytest.raises(FileNotFoundError, match=message):
        load_dataset("baby", folder.parent)
    with pytest.raises(FileNotFoundError, match="Datasets in .*no: none"):
        load_dataset("baby", folder.parent / "no")


@pytest.mark.parametrize("name", ["", "../toy", "a/b", ".."])
def test_name_is_not_a_path(folder, name):
    message = f"not a path. Received: dataset='{name}'"
    with pytest.raises(ValueError, match=message):
        load_dataset(name, folder.parent)


def test_missing_interactions(folder):
    (folder / "toy.inter").unlink()
    with pytest.raises(FileNotFoundError, match="Expected: .*toy.inter"):
        _load(folder)


def test_item_beyond_the_feature_rows(folder):
    _write_rows(folder, [*_ROWS, (1, 5, 0), (0, 6, 0)])
    message = (
        "toy.inter, line 8: expected values of `itemID` below 5, the number "
        r"of rows of image_feat.npy, text_feat.npy. Received: 5 \(2 such"
    )
    with pytest.raises(ValueError, match=message):
        _load(folder)


def test_feature_files_of_different_length(folder):
    np.save(folder / "text_feat.npy", _TEXT[:4])
    message = r"same number of rows, .*Received: {'image': 5, 'text': 4}"
    with pytest.raises(ValueError, match=message):
        _load(folder)


@pytest.mark.parametrize("modalities", ["image", ("image", "image")])
def test_bad_modalities(folder, modalities):
    with pytest.raises(ValueError, match="must be a tuple of different names"):
        _load(folder, modalities=modalities)


def test_duplicate_rows_are_dropped(folder):
    _write_rows(folder, [*_ROWS, (0, 0, 0)])
    with pytest.warns(UserWarning, match="1 duplicate rows, the first on line"):
        assert _load(folder).interactions.num_interactions == 6


def test_pair_in_two_parts_is_no_error_for_a_rule(folder):
    _write_rows(folder, [*_ROWS, (0, 0, 2)])
    with pytest.raises(ValueError, match="in one part only"):
        _load(folder)
    with pytest.warns(UserWarning, match="1 duplicate rows"):
        data = _load(folder, split="random")
    assert data.interactions.num_interactions == 6


def test_without_labels_a_rule_is_asked_for(folder):
    _write_rows(folder, [row[:2] for row in _ROWS], ("userID", "itemID"))
    message = (
        'toy.inter: split="file" needs a column `x_label` .* Without it pass '
        "one of split='random', 'leave_one_out', 'temporal_global', "
        "'temporal_user'; the temporal ones need a column `timestamp`"
    )
    with pytest.raises(ValueError, match=message):
        _load(folder)
    interactions = _load(folder, split="random", split_seed=4).interactions
    assert (interactions.split, interactions.split_seed) == ("random", 4)
    assert len(interactions.train) == 2


def test_rule_replaces_labels(folder):
    timed = [(*row, 9 - place) for place, row in enumerate(_ROWS)]
    _write_rows(folder, timed, ("userID", "itemID", "x_label", "timestamp"))
    interactions = _load(folder, split="temporal_user").interactions
    # Time runs against the order of lines.
    np.testing.assert_array_equal(interactions.train, [[0, 2], [1, 1]])
    np.testing.assert_array_equal(interactions.test, [[0, 0], [1, 3]])
    assert interactions.split_seed is None


def test_unknown_rule(folder):
    with pytest.raises(ValueError, match="Received: split='ratio'"):
        _load(folder, split="ratio")


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_bad_provenance(folder, text):
    (folder / "provenance.json").write_text(text)
    message = "provenance.json: expected a JSON object. Received: "
    with pytest.raises(ValueError, match=message):
        _load(folder)


def test_demo_is_made_on_first_use(folder, monkeypatch, caplog):
    made = []

    def make_small(target):
        made.append(target)
        folder.rename(target)
        (target / "toy.inter").rename(target / "demo.inter")

    root = folder.parent / "elsewhere"
    (folder.parent / "data").mkdir()
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(demo, "make_demo", make_small)
    with caplog.at_level(logging.INFO, "camgr_tf"):
        first = load_dataset("demo", root)
        second = load_dataset("demo", root)
    assert made == [folder.parent / "data" / "demo"]
    assert caplog.messages == [f"Making the demo dataset in {made[0]}, once"]
    assert first.content_hash == second.content_hash


def test_demo_of_the_root_comes_first(folder, monkeypatch):
    folder.rename(folder.with_name("demo"))
    mine = folder.with_name("demo")
    (mine / "toy.inter").rename(mine / "demo.inter")
    assert load_dataset("demo", folder.parent).folder == mine


@pytest.fixture
def real_root():
    root = os.environ.get("CAMGR_DATA")
    if not root or not (Path(root) / "baby" / "baby.inter").is_file():
        pytest.skip("CAMGR_DATA has no folder baby")
    return root


@pytest.mark.real_data
def test_baby(real_root):
    data = load_dataset("baby", real_root)
    summary = summarize_interactions(data.interactions)
    # Table 1 of the paper, and the README of this copy for the parts.
    assert (summary["users"], summary["items"]) == (19_445, 7_050)
    assert summary["interactions"] == 160_792
    assert f"{summary['density']:.3%}" == "0.117%"
    assert summary["train"] == 118_551
    assert (summary["validation"], summary["test"]) == (21_682, 20_559)
    assert data.features["image"].shape == (7_050, 384)
    # 7,048 of the items and all users occur in training (spec 1.1).
    train = data.interactions.train
    assert len(np.unique(train[:, 1])) == 7_048
    assert len(np.unique(train[:, 0])) == 19_445


@pytest.mark.real_data
def test_random_rule_gives_the_published_sizes(real_root):
    data = load_dataset("baby", real_root, modalities=(), split="random")
    # Only counts per user decide: the sizes that MMRec's rule gives, spec 1.1.
    sizes = [len(pairs) for pairs in data.interactions.parts.values()]
    assert sizes == [118_551, 20_559, 21_682]


@pytest.mark.real_data
def test_baby_has_no_times(real_root):
    with pytest.raises(ValueError, match="baby.inter: .*column `timestamp`"):
        load_dataset("baby", real_root, split="temporal_global")

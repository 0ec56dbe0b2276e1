"""What `load` refuses; each test spoils a copy of a good run."""

import json
import pickle
import shutil

import numpy as np
import pytest

from camgr_tf.serving.recommender import load
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import save_arrays


@pytest.fixture
def folder(small_run, tmp_path):
    copy = tmp_path / small_run("camgr").name
    shutil.copytree(small_run("camgr"), copy)
    return copy


def change_config(folder, **changes):
    path = folder / "config.json"
    description = json.loads(path.read_text())
    for name, value in changes.items():
        target = description
        if name in description["parameters"]:
            target = description["parameters"]
        target[name] = value
    path.write_text(json.dumps(description))


def test_a_copy_loads(folder):
    assert load(folder).num_items == 24


def test_a_missing_file(folder):
    (folder / "weights.npz").unlink()
    with pytest.raises(FileNotFoundError, match="has no weights.npz"):
        load(folder)


@pytest.mark.parametrize("name", ["weights.npz", "config.json", "metrics.json"])
def test_a_file_cut_short(folder, name):
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(ValueError, match=f"{name} is cut short"):
        load(folder)


def test_another_version(folder):
    change_config(folder, format=99)
    with pytest.raises(ValueError, match="another version.*Received: 99"):
        load(folder)


def test_a_configuration_that_was_changed(folder):
    # No weight's shape depends on it.
    change_config(folder, num_layers=2)
    with pytest.raises(ValueError, match="not what the run was trained with"):
        load(folder)


def test_weights_of_another_shape(folder):
    arrays, description = load_arrays(folder / "weights.npz")
    name = next(n for n in arrays if n.endswith("user_embeddings"))
    arrays[name] = arrays[name][:, :4]
    save_arrays(folder / "weights.npz", arrays, description)
    expected = rf"{name} has shape \(30, 4\), the model expects \(30, 8\)"
    with pytest.raises(ValueError, match=expected):
        load(folder)


def test_weights_of_another_model(folder, small_run):
    shutil.copy(small_run("lightgcn") / "weights.npz", folder)
    with pytest.raises(ValueError, match="does not fit the model"):
        load(folder)


def test_other_data(folder, small_root, tmp_path):
    root = tmp_path / "other"
    shutil.copytree(small_root / "small", root / "small")
    features = np.load(root / "small" / "text_feat.npy")
    features[0, 0] += 1.0
    np.save(root / "small" / "text_feat.npy", features)
    with pytest.raises(ValueError, match="small are not those of the run"):
        load(folder, data_root=root)


def test_a_pickle_is_not_executed(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    np.save(tmp_path / "trap.npy", np.array([Trap()]), allow_pickle=True)
    shutil.move(tmp_path / "trap.npy", folder / "weights.npz")
    with pytest.raises(ValueError, match="is no archive of arrays"):
        load(folder)
    (folder / "weights.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="is no archive of arrays"):
        load(folder)
    assert not (tmp_path / "executed").exists()

import json
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from camgr_tf import staged_file as staged_file_module
from camgr_tf.config import resolve_config
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.run_claim import RunInUseError
from camgr_tf.training.runs import train
from camgr_tf.training.saved_runs import load_run
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import save_arrays


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """The tiny data set as a folder."""
    dataset = tiny_dataset()
    parts = dataset.interactions.parts
    table = pd.concat(
        pd.DataFrame(pairs, columns=["userID", "itemID"]).assign(x_label=label)
        for label, pairs in enumerate(parts.values())
    )
    root = tmp_path_factory.mktemp("data")
    (root / "tiny").mkdir()
    write_dataset(
        root / "tiny",
        "tiny",
        table,
        dataset.features,
        dataset.has_modality,
        dataset.items.rename_axis("itemID"),
        dataset.users.rename_axis("userID"),
    )
    return root


def config(data_root, **parameters):
    given = {"model": "bm3", "batch_size": 5, "max_epochs": 4, **parameters}
    return resolve_config(dataset="tiny", data_root=str(data_root), **given)


@pytest.fixture(scope="module")
def run(data_root, tmp_path_factory):
    root = tmp_path_factory.mktemp("outputs")
    return train(config(data_root), root, progress=False)


def test_a_run_writes_what_it_says(run):
    names = {path.name for path in run.folder.glob("[!.]*")}
    assert names == {
        "config.json",
        "metrics.json",
        "history.csv",
        "weights.npz",
        "per_user.npz",
        "tensorboard",
    }
    description = json.loads((run.folder / "config.json").read_text())
    assert description["parameters"]["dropout"] == 0.5
    assert description["parameters"]["batch_size"] == 5
    assert description["data_hash"] == run.dataset.content_hash
    assert set(description["versions"]) >= {"python", "tensorflow", "keras"}
    assert len(run.history) == 4
    assert run.metrics["masked_in_test"] == ["train"]


def test_the_reported_epoch_is_the_best_on_validation(run):
    recalls = run.history["val_recall@20"].round(4)
    assert run.metrics["best_epoch"] == recalls.idxmax()
    best = run.history.loc[run.metrics["best_epoch"]]
    assert run.metrics["validation"]["ndcg@10"] == pytest.approx(
        best["val_ndcg@10"]
    )


def test_per_user_metrics_average_to_the_reported_ones(run):
    with np.load(run.folder / "per_user.npz") as stored:
        assert stored["recall@5"].mean() == pytest.approx(
            run.metrics["test"]["recall@5"]
        )
        assert len(stored["user_ids"]) == 6


def test_a_loaded_run_scores_like_the_trained_one(run, data_root):
    loaded = load_run(run.folder)
    assert loaded.config == run.config
    for ours, theirs in zip(loaded.model.embed(), run.model.embed()):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["popularity", "itemknn", "contentknn"])
def test_a_model_without_weights_is_evaluated_once(name, data_root, tmp_path):
    few = {} if name == "popularity" else {"num_neighbors": 4}
    run = train(config(data_root, model=name, **few), tmp_path, progress=False)
    names = {path.name for path in run.folder.glob("[!.]*")}
    assert names == {
        "config.json",
        "metrics.json",
        "history.csv",
        "weights.npz",
        "per_user.npz",
    }
    assert run.metrics["epochs"] == run.metrics["num_weights"] == 0
    assert len(run.history) == 1
    assert run.history["val_recall@20"][0] == pytest.approx(
        run.metrics["validation"]["recall@20"]
    )
    again = load_run(run.folder)
    np.testing.assert_array_equal(
        again.model(np.arange(7)), run.model(np.arange(7))
    )


def test_a_finished_run_is_not_trained_again(run, data_root):
    before = (run.folder / "weights.npz").stat().st_mtime_ns
    train(config(data_root), run.folder.parent, progress=False)
    assert (run.folder / "weights.npz").stat().st_mtime_ns == before


def test_overwrite_trains_again_to_the_same_end(run, data_root, tmp_path):
    shutil.copytree(run.folder, tmp_path / run.folder.name)
    again = train(config(data_root), tmp_path, overwrite=True, progress=False)
    assert again.metrics["test"] == run.metrics["test"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"model": "pgl", "num_neighbors": 4},
        {"model": "micro", "num_neighbors": 4},
    ],
    ids=lambda parameters: parameters["model"],
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    parameters, data_root, tmp_path, monkeypatch
):
    """PGL draws a graph an epoch and masks, MICRO keeps graphs of a batch."""
    from camgr_tf.training import callbacks

    given = config(data_root, **parameters)
    whole = train(given, tmp_path / "whole", progress=False)

    original = callbacks.Checkpoint.on_epoch_end

    def interrupted(self, epoch, logs=None):
        original(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Checkpoint, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(given, tmp_path / "parts", progress=False)
    monkeypatch.setattr(callbacks.Checkpoint, "on_epoch_end", original)
    parts = train(given, tmp_path / "parts", progress=False)

    assert parts.metrics["test"] == whole.metrics["test"]
    assert parts.metrics["validation"] == whole.metrics["validation"]
    assert list(parts.history["loss"]) == list(whole.history["loss"])


def test_training_stops_when_patience_is_spent(data_root, tmp_path):
    # Learning nothing: the first epoch is never beaten, the second is the
    # first in a row, the third is one more than `patience`.
    given = config(data_root, patience=1, learning_rate=1e-12, max_epochs=9)
    run = train(given, tmp_path, progress=False)
    assert run.metrics["best_epoch"] == 0
    assert run.metrics["epochs"] == 3


def test_a_constant_value_stops_at_the_21st_epoch_without_gain(tmp_path):
    # The fixture of the protocol: patience 20 stops at epoch index 21.
    import keras

    from camgr_tf.training.callbacks import BestEpoch

    best = BestEpoch(tmp_path / "weights.npz", patience=20)
    best.set_model(keras.Sequential([keras.layers.Dense(1)]))
    best.model.build((None, 1))
    best.model.stop_training = False
    for epoch in range(40):
        best.on_epoch_end(epoch, {"val_recall@20": 0.05 + 1e-6 * epoch})
        if best.model.stop_training:
            break
    assert epoch == 21 and best.state["epoch"] == 0


def test_training_goes_on_to_its_minimum_of_epochs(data_root, tmp_path):
    given = config(
        data_root, patience=1, learning_rate=1e-12, max_epochs=9, min_epochs=6
    )
    run = train(given, tmp_path, progress=False)
    assert run.metrics["best_epoch"] == 0
    assert run.metrics["epochs"] == 6


def test_without_a_terminal_each_epoch_is_a_line(data_root, tmp_path, capsys):
    given = config(
        data_root, model="mf", patience=1, learning_rate=1e-12, max_epochs=9
    )
    train(given, tmp_path)
    first, *epochs = capsys.readouterr().out.splitlines()
    assert "tiny" in first and "at most 9 epochs" in first
    assert [line.split()[:2] for line in epochs] == [
        ["epoch", "0"],
        ["epoch", "1"],
        ["epoch", "2"],
    ]
    assert "recall@20" in epochs[0] and "bpr" in epochs[0]
    assert epochs[-1].endswith("best 0  stops after 1 without a gain, now 2")


def test_a_diverging_run_says_so_and_is_no_run(data_root, tmp_path):
    given = config(data_root, model="mf", learning_rate=1e30)
    with pytest.raises(ValueError, match="diverged in its first epoch"):
        train(given, tmp_path, progress=False)
    assert not list(tmp_path.glob("*/metrics.json"))


def test_other_data_are_refused_by_their_hash(run, data_root, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data_root, root)
    path = root / "tiny" / "image_feat.npy"
    np.save(path, np.load(path) + 1)
    with pytest.raises(ValueError, match="not those of the run .*hash"):
        load_run(run.folder, data_root=root)


def test_weights_of_another_configuration_are_refused(run, tmp_path):
    folder = tmp_path / run.folder.name
    shutil.copytree(run.folder, folder)
    path = folder / "config.json"
    description = json.loads(path.read_text())
    description["parameters"]["embedding_dim"] = 32
    path.write_text(json.dumps(description))
    with pytest.raises(ValueError):
        load_run(folder)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished run: .*config"):
        load_run(tmp_path)


def test_a_cut_configuration_is_named(run, tmp_path):
    folder = tmp_path / run.folder.name
    shutil.copytree(run.folder, folder)
    path = folder / "config.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(ValueError, match="config.json is cut short"):
        load_run(folder)


HOLD = """
import pathlib, sys
from camgr_tf.folder_lock import folder_lock
with folder_lock(pathlib.Path(sys.argv[1]), ".training"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_another_process_trains_is_refused_by_its_name(
    data_root, tmp_path
):
    given = config(data_root, model="mf", max_epochs=1)
    folder = tmp_path / given.run_id
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunInUseError, match=f"by process {other.pid} on"):
            train(given, tmp_path, progress=False)
        assert not (folder / "config.json").exists()
        other.kill()
    assert train(given, tmp_path, progress=False).metrics["epochs"] == 1


@pytest.fixture
def copied(run, tmp_path):
    """A finished run that may be spoiled."""
    folder = tmp_path / run.folder.name
    shutil.copytree(run.folder, folder)
    return folder


def edit(path, **values):
    content = json.loads(path.read_text())
    content = {**content, **values}
    content = {k: v for k, v in content.items() if v is not None}
    path.write_text(json.dumps(content))


def test_weights_of_another_epoch_are_refused(copied, run):
    arrays, _ = load_arrays(copied / "weights.npz")
    best = run.metrics["best_epoch"]
    save_arrays(copied / "weights.npz", arrays, {"epoch": best + 4})
    with pytest.raises(ValueError, match=f"of epoch {best + 4}, .* is {best}"):
        load_run(copied)


@pytest.mark.parametrize(
    "name, values, message",
    [
        ("config.json", {"parameters": None}, "must have 'parameters', a dict"),
        ("config.json", {"parameters": [1]}, "must have 'parameters', a dict"),
        ("config.json", {"data_hash": None}, "must have 'data_hash', a str"),
        ("config.json", {"format": 3}, "another version .* Received: 3"),
        ("metrics.json", {"test": None}, "must have 'test', a dict"),
        ("metrics.json", {"best_epoch": "4"}, "must have 'best_epoch', a int"),
        ("metrics.json", {"run_id": "x-0"}, "not what the run was trained"),
    ],
)
def test_a_spoiled_run_is_one_sentence(copied, name, values, message):
    edit(copied / name, **values)
    with pytest.raises(ValueError, match=message) as caught:
        load_run(copied)
    assert str(copied) in str(caught.value) and name in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "metrics.json"])
@pytest.mark.parametrize("content", [b"[]", b"{", b"", b"\xff\xfe{}", b"3"])
def test_what_is_no_object_is_named(copied, name, content):
    (copied / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        load_run(copied)


@pytest.mark.parametrize("name", ["history.csv", "weights.npz", "config.json"])
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"it has no {name}"):
        load_run(copied)


def test_a_changed_default_is_not_taken_for_the_old_run(copied, data_root, run):
    parameters = json.loads((copied / "config.json").read_text())["parameters"]
    edit(copied / "config.json", parameters={**parameters, "patience": 7})
    with pytest.raises(ValueError, match="patience was 7 and is 20"):
        train(run.config, copied.parent, progress=False)


def test_old_numbers_come_back_with_the_changed_modules_named(copied, run):
    code = json.loads((copied / "config.json").read_text())["code"]
    assert {"camgr_tf.baselines.bm3", "camgr_tf.training.adam"} <= set(code)
    other = {**code, "camgr_tf.baselines.bm3": "0" * 64}
    edit(copied / "config.json", code=other)
    with pytest.warns(UserWarning, match="other code: camgr_tf.baselines.bm3 "):
        again = train(run.config, copied.parent, progress=False)
    assert again.metrics == run.metrics


def test_a_run_finds_its_data_from_another_folder(
    data_root, tmp_path, monkeypatch
):
    shutil.copytree(data_root, tmp_path / "here" / "data")
    monkeypatch.delenv("CAMGR_DATA", raising=False)
    monkeypatch.delenv("CAMGR_OUTPUTS", raising=False)
    monkeypatch.chdir(tmp_path / "here")
    given = resolve_config(dataset="tiny", model="popularity")
    made = train(given, progress=False)
    assert made.folder == tmp_path / "here" / "outputs" / given.run_id
    monkeypatch.chdir(tmp_path)
    loaded = load_run(made.folder)
    assert loaded.dataset.folder == tmp_path / "here" / "data" / "tiny"


def test_a_batch_that_is_most_of_the_data_is_warned_of(data_root, tmp_path):
    # 17 training rows: 5 are 29 %, 3 are 18 %.
    given = config(data_root, model="mf", max_epochs=1, batch_size=5)
    with pytest.warns(UserWarning, match="batch_size=5 is 29% of the 17"):
        train(given, tmp_path, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        given = config(data_root, model="mf", max_epochs=1, batch_size=3)
        train(given, tmp_path, progress=False)


def test_seconds_per_epoch_are_the_median(data_root, tmp_path):
    made = train(
        config(data_root, model="mf", max_epochs=3), tmp_path, progress=False
    )
    seconds = sorted(made.history["train_seconds"])
    assert made.metrics["seconds_per_epoch"] == pytest.approx(seconds[1])
    assert made.metrics["train_seconds"] == pytest.approx(sum(seconds))


class Killed(BaseException):
    """Stands for the end of the process."""


def test_an_end_at_any_write_leaves_a_run_that_goes_on(
    data_root, tmp_path, monkeypatch
):
    given = config(data_root, model="mf", max_epochs=2)
    whole = train(given, tmp_path / "whole", progress=False)
    replace = staged_file_module.os.replace
    last, ended = 0, False
    while not ended:
        root = tmp_path / f"killed{last}"
        writes = []

        def kill(staging, path):
            if len(writes) == last:
                raise Killed
            writes.append(path)
            replace(staging, path)

        monkeypatch.setattr(staged_file_module.os, "replace", kill)
        try:
            train(given, root, progress=False)
            ended = True
        except Killed:
            pass
        monkeypatch.setattr(staged_file_module.os, "replace", replace)
        again = train(given, root, progress=False)
        for part in ("validation", "test"):
            assert again.metrics[part] == whole.metrics[part], last
        assert again.metrics["best_epoch"] == whole.metrics["best_epoch"]
        assert len(again.history) == 2
        assert load_run(root / given.run_id).metrics == again.metrics
        last += 1
    # config.json; weights (once or twice), history, checkpoint of two epochs;
    # per_user.npz and metrics.json.
    assert 8 <= last - 1 <= 9

from types import SimpleNamespace

from camgr_tf.training.callbacks import BestEpoch
from camgr_tf.training.notebook_progress import NotebookProgress
from camgr_tf.training.notebook_progress import in_notebook


def test_a_row_an_epoch_and_one_picture(tmp_path, monkeypatch, capsys):
    shown, updates = [], []
    handle = SimpleNamespace(update=updates.append)
    monkeypatch.setattr(
        "IPython.display.display",
        lambda image, display_id: shown.append(image) or handle,
    )
    seconds = "camgr_tf.training.notebook_progress.SECONDS_BETWEEN_DRAWINGS"
    monkeypatch.setattr(seconds, 1e9)
    card = {"kind": "GPU", "name": "NVIDIA H200"}
    describe = "camgr_tf.training.notebook_progress.describe_device"
    monkeypatch.setattr(describe, lambda: card)
    best = BestEpoch(tmp_path / "weights.npz", patience=20)
    best.state = {"epoch": 0, "value": 0.25, "metrics": {}, "waited": 6}
    progress = NotebookProgress("demo mf seed 0", 9, best)
    progress.set_model(SimpleNamespace(loss_trackers=["bpr", "l2"]))
    progress.on_train_begin()
    for epoch in (0, 1):
        logs = {"bpr": 0.5, "l2": 0.125, "loss": 0.625, "train_seconds": 1.0}
        logs |= {"val_recall@20": 0.25, "val_ndcg@20": 0.1}
        progress.on_epoch_end(epoch, logs | {"evaluation_seconds": 0.5})
    progress.on_train_end()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "demo mf seed 0, at most 9 epochs, stops after 20 without a gain"
    )
    assert lines[1] == "on GPU NVIDIA H200"
    assert lines[2].split() == (
        "epoch bpr l2 recall@20 ndcg@20 seconds best waits".split()
    )
    assert lines[4].split() == "1 0.5000 0.1250 0.2500 0.1000 1.5 0 6".split()
    # Empty above the rows. Epochs that come at once are drawn at the end.
    assert len(shown) == len(updates) == 1
    assert shown[0].data.startswith(b"\x89PNG")


def test_an_epoch_that_was_not_ranked_has_no_recall(tmp_path, capsys):
    best = BestEpoch(tmp_path / "weights.npz", patience=20)
    progress = NotebookProgress("x", 9, best)
    progress.set_model(SimpleNamespace(loss_trackers=["bpr"]))
    progress._draw = lambda: None
    progress.on_epoch_end(0, {"bpr": 1.0, "loss": 1.0, "train_seconds": 1.0})
    assert capsys.readouterr().out.splitlines()[1].split()[2:4] == ["-", "-"]


def test_a_test_is_no_notebook():
    assert not in_notebook()

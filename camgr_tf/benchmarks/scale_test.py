import numpy as np
import pytest

from camgr_tf.benchmarks import scale
from camgr_tf.benchmarks.scale import measure_scale
from camgr_tf.benchmarks.scale import plan_scale


def test_a_catalogue_is_made_first_and_large_graphs_are_only_sampled(tmp_path):
    tasks = plan_scale([500_000, 500_001], ["full", "sampled"], tmp_path, 3)
    small, large = (
        [task for task in tasks if task["problem"] == size]
        for size in (500_000, 500_001)
    )
    sampled = [
        "camgr, sampled 5,1",
        "camgr, sampled 3,1",
        "lightgcn, sampled 10,5",
        "lightgcn, sampled 5,2",
    ]
    full = ["camgr, full", "lightgcn, full"]
    assert [t["label"] for t in small] == ["catalogue", *full, *sampled]
    assert [t["label"] for t in large] == ["catalogue", *sampled]
    assert {t["arguments"]["folder"] for t in large} == {
        str(tmp_path / "500001")
    }


def test_all_that_is_planned_for_a_small_size(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "WIDTHS", {"image": 4, "text": 3})
    tasks = plan_scale([1000], ["full", "sampled", "lists"], tmp_path, 1)
    # One of each model and mode: each compiles a step.
    kept = ["catalogue", "lightgcn, full", "lightgcn, sampled 5,2", "lists"]
    for task in tasks:
        if task["label"] not in kept:
            continue
        row = measure_scale(task["problem"], **task["arguments"])
        assert row["million_users"] == 0.001
        # 1000 times 7050 / 19445 and 160792 / 19445.
        assert (row["items"], row["interactions"]) == (363, 8_269)
        if task["label"] == "lists":
            blocks = 1000 / 256
            assert row["epoch_seconds"] == pytest.approx(
                blocks * row["step_seconds"]
            )
        elif task["label"] != "catalogue":
            assert (
                row["train_pairs"]
                == np.load(tmp_path / "1000" / "train.npy").shape[0]
            )

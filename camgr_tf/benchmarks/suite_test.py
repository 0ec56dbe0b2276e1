import pytest

from camgr_tf.benchmarks import task as tasks
from camgr_tf.benchmarks import training
from camgr_tf.benchmarks.training import measure_training
from camgr_tf.testing import tiny_dataset


def test_a_failed_process_is_told(tmp_path):
    task = {"kind": "training", "problem": {"size": "moon"}, "arguments": {}}
    row = tasks.run_task(task, threads=1)
    assert "exit code 1" in row["error"]
    assert "Received: size='moon'" in row["error"]


def test_a_profile_is_written(tmp_path):
    measure_training(
        tiny_dataset(), "mf", 4, repeats=1, profile=tmp_path / "profile"
    )
    assert list((tmp_path / "profile").rglob("*.xplane.pb"))


def test_several_steps_a_call_are_timed_where_training_takes_them(monkeypatch):
    monkeypatch.setattr(training, "steps_per_call", lambda: 2)
    row = measure_training(tiny_dataset(), "mf", 4, repeats=1)
    # 17 rows are 4.25 steps.
    expected = row["epoch_start_seconds"] + row["sampling_seconds"]
    expected += 17 / 4 * row["looped_step_seconds"]
    assert row["epoch_seconds"] == pytest.approx(expected)

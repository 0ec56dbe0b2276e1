from camgr_tf.benchmarks import task as tasks
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

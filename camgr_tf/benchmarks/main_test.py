import json

import pytest

from camgr_tf.benchmarks import __main__ as command
from camgr_tf.benchmarks import task as tasks
from camgr_tf.benchmarks.training import measure_training
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset


@pytest.fixture
def in_this_process(monkeypatch):
    """Measurements of a tiny data set, without new processes."""
    monkeypatch.setattr(
        tasks, "problem_dataset", lambda **problem: tiny_dataset()
    )
    monkeypatch.setattr(
        command, "run_task", lambda task, threads: tasks.measure(task)
    )


def test_everything_once(in_this_process, tmp_path, capsys):
    arguments = ["--models", "mf", "--scales", "1", "--repeats", "1"]
    arguments += ["--batch-size", "4", "--items", "50", "90"]
    arguments += ["--width", "4", "--output", str(tmp_path)]
    assert command.main(arguments) == 0
    contents = json.loads((tmp_path / "benchmarks.json").read_text())
    rows = {row["kind"]: row for row in contents["rows"]}
    assert set(rows) == {
        "training",
        "operations",
        "evaluation",
        "semantic_graph",
    }
    training = rows["training"]
    parts = ("forward", "backward", "optimizer")
    assert sum(training[f"{part}_seconds"] for part in parts) == pytest.approx(
        training["step_seconds"]
    )
    assert training["interactions"] == 17 + 6 + 7
    assert training["floor_bytes"] >= 7 * 4 * training["weights"]
    assert training["peak_memory_mb"] > 50
    # Features of 9 items, the product and that of its gradient: 2 m k n each.
    widest = max(f.shape[1] for f in tiny_dataset().features.values())
    operations = rows["operations"]
    assert operations["label"] == "features"
    assert operations["floor_operations"] == 2 * 2 * 9 * widest * 64
    assert operations["operation_seconds"] > operations["floor_seconds"] > 0
    assert "semantic_graph exact" in contents["growth"]
    shown = capsys.readouterr().out
    assert "times_floor" in shown and "users_per_second" in shown


def test_a_task_for_each_model_and_size():
    options = command._parser().parse_args(["--scales", "1", "4"])
    made = command.make_tasks(options)
    kinds = [task["kind"] for task in made]
    assert kinds.count("training") == 2 * (len(MODELS) - 3)
    assert kinds.count("operations") == 2 * 4
    assert kinds.count("evaluation") == 2
    assert [t["problem"] for t in made if t["kind"] == "semantic_graph"] == [
        7_050,
        28_200,
    ]


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


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--models", "mg"], "`--models` must be among .* Received: mg"),
        (["--widths", "image"], "must be like image=4096 .* Received: image"),
    ],
)
def test_refuses(arguments, message, capsys):
    options = command._parser().parse_args(arguments)
    with pytest.raises(ValueError, match=message):
        command.make_tasks(options)
    assert command.main(arguments) == 2
    assert "error: " in capsys.readouterr().out

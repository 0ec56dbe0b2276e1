import json
import re

import pytest

from camgr_tf.benchmarks import suite
from camgr_tf.benchmarks import task as tasks
from camgr_tf.cli import choices
from camgr_tf.cli import main
from camgr_tf.cli.command import make_parser
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset


@pytest.fixture
def in_this_process(monkeypatch):
    """Measurements of a tiny data set, without new processes."""
    monkeypatch.setattr(
        tasks, "problem_dataset", lambda **problem: tiny_dataset()
    )
    monkeypatch.setattr(
        tasks, "run_task", lambda task, threads: tasks.measure(task)
    )


def test_everything_once(in_this_process, tmp_path, capsys):
    arguments = ["bench", "--models", "mf", "--scales", "1", "--repeats", "1"]
    # Workers have a test of their own: they need a folder of data.
    kinds = [kind for kind in choices.MEASUREMENTS if kind != "workers"]
    arguments += ["--only", *kinds, "--executors", "local"]
    arguments += ["--lists", "70", "30", "--shards", "3", "-k", "5"]
    arguments += ["--sampler", "60", "400", "--rows", "2000"]
    arguments += ["--batch-size", "4", "--items", "50", "90"]
    arguments += ["--users", "600", "--modes", "lists"]
    arguments += ["--width", "4", "--to", str(tmp_path)]
    assert main(arguments) == 0
    contents = json.loads((tmp_path / "benchmarks.json").read_text())
    rows = {row["kind"]: row for row in contents["rows"]}
    assert set(rows) == {
        "device",
        "training",
        "operations",
        "evaluation",
        "semantic_graph",
        "lists",
        "sampler",
        "tables",
        "scale",
    }
    assert rows["device"]["bytes_per_second"] > 0
    training = rows["training"]
    assert training["looped_step_seconds"] is None
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
    lists = rows["lists"]
    assert [lists[name] for name in ("users", "items", "k", "shards")] == [
        70, 30, 5, 3
    ]  # fmt: skip
    assert lists["users_per_second"] * lists["lists_seconds"] == pytest.approx(
        70
    )
    assert lists["worker_memory_mb"] is None
    sampler = rows["sampler"]
    assert [sampler[name] for name in ("users", "interactions")] == [60, 400]
    assert sampler["nodes"] > 60
    assert rows["tables"]["rows"] == 2000
    assert len(rows["tables"]["content_hash"]) == 12
    assert rows["scale"]["label"] == "lists"
    assert rows["scale"]["users"] == 600
    shown = capsys.readouterr().out
    assert "times_floor" in shown and "users_per_second" in shown


def test_a_task_for_each_model_and_size():
    options = make_parser().parse_args(["bench", "--scales", "1", "4"])
    options.repeats = 5
    made = suite.plan_tasks(options)
    kinds = [task["kind"] for task in made]
    trained = [model for model in MODELS.values() if model.trains]
    assert kinds.count("training") == 2 * len(trained)
    assert kinds.count("operations") == 2 * 4
    assert kinds.count("evaluation") == 2
    assert [t["problem"] for t in made if t["kind"] == "semantic_graph"] == [
        7_050,
        28_200,
    ]


def test_lists_are_asked_for_and_planned_for_all_workers():
    options = make_parser().parse_args(["bench"])
    assert not {"lists", "scale"} & set(options.only)
    options = make_parser().parse_args(["bench", "--only", "lists"])
    made = suite.plan_tasks(options)
    assert [task["label"] for task in made] == [
        "local",
        "ray, 1 workers",
        "ray, 2 workers",
        "beam, 1 workers",
        "beam, 2 workers",
    ]
    assert made[2]["arguments"]["num_workers"] == 2
    assert list(made[2]["problem"]) == [120_000, 20_000]


def test_sampler_and_tables_are_asked_for():
    options = make_parser().parse_args(["bench"])
    assert not {"sampler", "tables"}.intersection(options.only)
    words = ["bench", "--only", "sampler", "tables", "--workers", "1", "2"]
    made = suite.plan_tasks(make_parser().parse_args(words))
    assert [(task["label"], task["problem"]) for task in made] == [
        ("local", (1_000_000, 7_000_000)),
        ("ray, 1 workers", (1_000_000, 7_000_000)),
        ("ray, 2 workers", (1_000_000, 7_000_000)),
        ("reading", 20_000_000),
        ("dataset", 20_000_000),
    ]
    assert made[2]["arguments"] == {"executor": "ray", "num_workers": 2}


def test_workers_are_measured_on_the_whole_graph_and_on_sampled_ones(
    small_root,
):
    assert "workers" not in make_parser().parse_args(["bench"]).only
    words = ["bench", "--only", "workers", "--data-root", str(small_root)]
    words += ["--dataset", "small", "--repeats", "3"]
    made = suite.plan_tasks(make_parser().parse_args(words))
    assert [task["label"] for task in made] == [
        "camgr full, local",
        "camgr full, ray, 1 workers",
        "camgr full, ray, 2 workers",
        "camgr sampled, local",
        "camgr sampled, ray, 1 workers",
        "camgr sampled, ray, 2 workers",
    ]
    arguments = made[5]["arguments"]
    assert (arguments["sampling"], arguments["num_workers"]) == ("neighbors", 2)
    assert (arguments["repeats"], arguments["threads"]) == (3, 1)
    made[3]["arguments"] |= {"model": "lightgcn", "repeats": 1}
    assert tasks.measure(made[3])["pairs_per_second"] > 0


@pytest.mark.parametrize(
    "words, message",
    [
        ("--models mg", "`model` must be one of .* Received: model='mg'"),
        ("--models popularity", "popularity has no training to measure"),
        ("--widths image", "must be like image=4096 .* Received: image"),
        ("--latency demo-mf", "There is no run 'demo-mf'"),
        ("--to /dev/null/x", "/dev/null is a file, and no folder"),
        ("--dataset a/b --models mf", "below the data root, not a path"),
        ("--dataset nowhere --models mf", "No dataset 'nowhere'"),
    ],
)
def test_refuses(words, message, tmp_path, capsys):
    root = ["--output-root", str(tmp_path)]
    assert main(["bench", *words.split(), *root]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("camgr bench: error: ")
    assert re.search(message, line)
    assert not list(tmp_path.iterdir())


def test_a_dataset_in_place_of_generated_data(small_root):
    words = ["bench", "--dataset", "small", "--data-root", str(small_root)]
    options = make_parser().parse_args([*words, "--only", "evaluation"])
    options.repeats = 5
    (task,) = suite.plan_tasks(options)
    expected = {"dataset": "small", "data_root": str(small_root)}
    # As it is handed to a process.
    assert json.loads(json.dumps(task))["problem"] == expected


def test_tables_that_are_there_are_kept(tmp_path, capsys):
    (tmp_path / "benchmarks.json").write_text("mine")
    assert main(["bench", "--to", str(tmp_path)]) == 2
    assert "benchmarks.json is there already" in capsys.readouterr().err


def test_latency_of_a_run(small_run, capsys):
    folder = str(small_run("mf"))
    assert main(["bench", "--latency", folder, "--repeats", "1"]) == 0
    shown = capsys.readouterr().out
    assert "30 users, 24 items, vectors of width 8" in shown
    assert "SavedModel" in shown

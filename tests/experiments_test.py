"""Sweeps from end to end, on the demo data."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest

from camgr_tf.cli import main
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.processes import MARK
from camgr_tf.experiments.results import MACHINE_COLUMNS
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.notebook_runner import run_notebook
from camgr_tf.paths import notebooks_folder

SWEEP = """
title = "Two models"
reference = "LightGCN"

[parameters]
max_epochs = {max_epochs}
patience = 1000

[[variants]]
label = "MF"
model = "mf"

[[variants]]
label = "LightGCN"
model = "lightgcn"
"""


@pytest.fixture
def sweep(tmp_path):
    """Writes a user's own experiment; returns its path."""

    def write(max_epochs):
        path = tmp_path / "mine.toml"
        path.write_text(SWEEP.format(max_epochs=max_epochs))
        return str(path)

    return write


def test_a_users_sweep_from_command_to_report(sweep, tmp_path, capsys):
    root = ["--output-root", str(tmp_path / "out")]
    command = ["sweep", sweep(2), "--dataset", "demo", "--seeds", "1"]
    command += ["--no-notebook", "--jobs", "2", *root]
    assert main(command) == 0
    assert "2 trials: 2 done, 0 running, 0 failed" in capsys.readouterr().out
    # Nothing is left to do.
    started = time.monotonic()
    assert main(command) == 0
    assert "1 running" not in capsys.readouterr().out
    assert time.monotonic() - started < 5
    assert main(["sweep", "--status", *root]) == 0
    shown = capsys.readouterr().out.split()
    assert shown == "experiment dataset done trials mine demo 2 2".split()
    assert main(["report", "mine", *root]) == 0
    page = (tmp_path / "out" / "report" / "report.html").read_text()
    table = pd.read_csv(tmp_path / "out" / "report" / "results.csv")
    for value in table["test_recall@20"]:
        assert f"{value:.4f}" in page
    assert "demo (made-up data)" in page


def test_the_reports_notebook_runs(tmp_path):
    parameters = {"dataset": "demo", "output_root": str(tmp_path)}
    notebook = notebooks_folder() / "07_report.ipynb"
    output = run_notebook(notebook, tmp_path / "x.ipynb", parameters, False)
    assert "1 can come from no ranking" in output.read_text()
    assert (tmp_path / "report" / "report.html").is_file()


@pytest.mark.long
def test_kill_the_driver_then_a_trial_and_get_the_same_table(sweep, tmp_path):
    path = sweep(80)
    assert _run(path, tmp_path / "whole").wait() == 0

    broken = tmp_path / "broken"
    driver = _run(path, broken)
    _wait_for(lambda: list(broken.glob("*/checkpoint.npz")))
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert _statuses(broken) == ["running"]
    # The trial notices that its driver has died.
    _wait_for(lambda: not _marked_processes(broken), seconds=15)

    started = time.time()
    driver = _run(path, broken)
    _wait_for(
        lambda: any(
            file.stat().st_mtime > started
            for file in broken.glob("*/checkpoint.npz")
        )
    )
    for process in _marked_processes(broken):
        process.kill()
    assert driver.wait() == 1
    assert _statuses(broken) == ["done", "failed"]
    errors = [
        read_record(file.parent).get("error", "")
        for file in broken.glob("*/trial.json")
    ]
    assert any(re.search(r"signal 9 \(SIGKILL\)", error) for error in errors)

    assert _run(path, broken).wait() == 0
    assert _statuses(broken) == ["done", "done"]
    pd.testing.assert_frame_equal(
        _table(broken), _table(tmp_path / "whole"), check_exact=True
    )


@pytest.mark.long
def test_ctrl_c_stops_the_sweep_and_the_same_command_continues(sweep, tmp_path):
    path, root = sweep(80), tmp_path / "out"
    driver = _run(path, root)
    _wait_for(lambda: list(root.glob("*/checkpoint.npz")))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(20) == 130
    assert _marked_processes(root) == []
    assert _statuses(root) == ["interrupted"]
    assert _run(path, root).wait() == 0
    assert len(_table(root)) == 2


@pytest.mark.long
def test_a_trial_keeps_its_executed_notebook(sweep, tmp_path):
    root = tmp_path / "out"
    assert _run(sweep(1), root, notebook=True).wait() == 0
    (plan,) = read_plans(root)
    planned = [trial.run_id for trial in plan.trials]
    assert sorted(p.parent.name for p in root.glob("*/metrics.json")) == sorted(
        planned
    )
    for run_id in planned:
        assert (root / run_id / "05_training.ipynb").is_file()
    assert sorted(_table(root)["run_id"]) == sorted(planned)


@pytest.mark.long
def test_a_search_on_the_demo_data_finds_a_best_setting(tmp_path, capsys):
    command = ["search", "lightgcn", "--dataset", "demo", "--trials", "2"]
    command += ["-p", "max_epochs", "1", "--output-root", str(tmp_path)]
    assert main(command) == 0
    # Two trials of one setting are one run.
    runs = tmp_path.glob("demo-lightgcn-*/metrics.json")
    metrics = [json.loads(path.read_text())["validation"] for path in runs]
    best = max(values["recall@20"] for values in metrics)
    shown = capsys.readouterr().out
    assert f"validation Recall@20 {best:.4f}: {{'" in shown


def _run(path, root, notebook=False):
    command = [sys.executable, "-m", "camgr_tf", "sweep", path]
    command += ["--dataset", "demo", "--seeds", "1", "--output-root", root]
    return subprocess.Popen(
        command + ([] if notebook else ["--no-notebook"]),
        cwd=notebooks_folder().parent,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        start_new_session=True,
        # A shell that runs the tests in the background ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _marked_processes(root):
    found = []
    for process in psutil.process_iter():
        try:
            folder = process.environ().get(MARK, "")
            if folder.startswith(str(root)):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def _wait_for(condition, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def _statuses(root):
    records = [read_record(f.parent) for f in root.glob("*/trial.json")]
    return sorted(record["status"] for record in records)


def _table(root):
    table = pd.read_parquet(root / "experiments" / "results.parquet")
    return table.drop(columns=list(MACHINE_COLUMNS))

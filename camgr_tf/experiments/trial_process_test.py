import subprocess
import sys
import time
import types

import nbformat
import pytest

from camgr_tf import notebook_runner
from camgr_tf.config import resolve_config
from camgr_tf.experiments import trial_process
from camgr_tf.experiments.trial_process import run_trial
from camgr_tf.notebook_runner import RUN_MIME


@pytest.fixture
def notebook(monkeypatch):
    """Stands for a notebook that shows `runs`; keeps its `calls`."""
    fake = types.SimpleNamespace(calls=[], runs=[])

    def run_notebook(path, output, parameters, progress):
        fake.calls.append((path, output, parameters))
        shown = [
            nbformat.v4.new_output("display_data", {RUN_MIME: f"/runs/{run}"})
            for run in fake.runs
        ]
        trial = nbformat.v4.new_code_cell(outputs=shown)
        executed = nbformat.v4.new_notebook(cells=[trial])
        output.parent.mkdir(parents=True)
        nbformat.write(executed, output)
        return output

    monkeypatch.setattr(notebook_runner, "run_notebook", run_notebook)
    return fake


def test_a_notebook_gets_the_parameters(tmp_path, notebook):
    parameters = {"model": "mf", "seed": 1}
    run_id = resolve_config(**parameters).run_id
    notebook.runs = [run_id]
    run_trial(run_id, parameters, tmp_path)
    ((path, output, given),) = notebook.calls
    assert path.name == "05_training.ipynb"
    assert output == tmp_path / run_id / "05_training.ipynb"
    assert given == {**parameters, "output_root": str(tmp_path)}


@pytest.mark.parametrize(
    "runs, shown", [(["demo-mf-x"], "demo-mf-x"), ([], "no run")]
)
def test_another_run_than_planned_is_named_with_the_plan(
    runs, shown, tmp_path, notebook
):
    run_id = resolve_config(model="mf").run_id
    notebook.runs = runs
    with pytest.raises(ValueError, match=f"{shown}, planned was {run_id}"):
        run_trial(run_id, {"model": "mf"}, tmp_path)


def test_without_a_notebook_the_run_is_trained(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(
        trial_process, "train", lambda config, **kw: calls.append((config, kw))
    )
    config = resolve_config(model="mf")
    run_trial(config.run_id, {"model": "mf"}, tmp_path, notebook=False)
    assert calls == [(config, {"output_root": tmp_path, "progress": False})]


def test_a_run_that_is_another_by_now_is_refused(tmp_path):
    with pytest.raises(ValueError, match="The code has changed since demo-x"):
        run_trial("demo-x", {"model": "mf"}, tmp_path)


def test_other_code_than_planned_is_refused(tmp_path):
    run_id = resolve_config(model="mf").run_id
    with pytest.raises(ValueError, match="on .* is another one than that"):
        run_trial(run_id, {"model": "mf"}, tmp_path, code="other")


def test_a_trial_does_not_outlive_its_driver():
    script = (
        "import importlib.util, sys, time, types\n"
        "import threading, os\n"
        "source = open(sys.argv[1]).read()\n"
        "start = source.index('def exit_with_parent')\n"
        "end = source.index('def main')\n"
        "exec(source[start:end])\n"
        "exit_with_parent(0, interval=0.05)\n"  # never its parent
        "time.sleep(60)\n"
    )
    started = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-c", script, trial_process.__file__], timeout=30
    )
    assert process.returncode == 1
    assert time.monotonic() - started < 30

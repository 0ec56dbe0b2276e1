import os
import subprocess
import sys
import time

from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.processes import MARK
from camgr_tf.experiments.processes import describe_failure
from camgr_tf.experiments.processes import start_trial
from camgr_tf.experiments.processes import stop_trial
from camgr_tf.experiments.processes import trial_processes
from camgr_tf.experiments.trials import plan_trials


def test_all_processes_of_a_trial_are_stopped(tmp_path):
    # A process that leaves its session, as a notebook's kernel does.
    script = (
        "import subprocess, sys, time\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(120)']\n"
        "subprocess.Popen(sleep, start_new_session=True)\n"
        "time.sleep(120)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], env={MARK: str(tmp_path)}
    )
    while len(trial_processes(tmp_path)) < 2:
        time.sleep(0.02)
    stop_trial(tmp_path)
    process.wait(5)
    assert trial_processes(tmp_path) == []


def test_other_trials_are_left_alone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        env={MARK: str(tmp_path / "other")},
    )
    stop_trial(tmp_path)
    assert process.poll() is None
    process.kill()
    process.wait(5)


def test_failures_are_described(tmp_path):
    (tmp_path / "log.txt").write_text("a\nb\nc\n")
    assert describe_failure(tmp_path, 1, num_lines=2) == "b\nc"
    described = describe_failure(tmp_path, -9, num_lines=1)
    assert described == "ended by signal 9 (SIGKILL)\nc"
    (tmp_path / "log.txt").write_text("")
    assert describe_failure(tmp_path, 3) == "ended with exit code 3"


def test_a_trial_gets_its_threads_and_its_log(tmp_path, monkeypatch):
    # In place of the training: shows the environment.
    shows = "import os; print(dict(os.environ))"
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, _popen=subprocess.Popen, **options: _popen(
            [sys.executable, "-c", shows], **options
        ),
    )
    definition = Definition("mine", "Mine", parameters={"model": "mf"})
    (trial,) = plan_trials(definition, "tiny", 1)
    folder = tmp_path / trial.run_id
    folder.mkdir()
    assert start_trial(trial, tmp_path, num_threads=3).wait(20) == 0
    log = (folder / "log.txt").read_text()
    assert "'TF_NUM_INTRAOP_THREADS': '3'" in log
    assert "'OMP_NUM_THREADS': '3'" in log
    assert f"'{MARK}': '{folder}'" in log
    assert f'"parent": {os.getpid()}' in (folder / ".task.json").read_text()

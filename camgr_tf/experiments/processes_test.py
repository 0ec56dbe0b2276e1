import json
import os
import subprocess
import sys
import threading
import time

import pytest

from camgr_tf.experiments.processes import LOCK
from camgr_tf.experiments.processes import MARK
from camgr_tf.experiments.processes import MODULE
from camgr_tf.experiments.processes import describe_failure
from camgr_tf.experiments.processes import end_trial
from camgr_tf.experiments.processes import start_trial
from camgr_tf.experiments.processes import stop_trial
from camgr_tf.experiments.processes import trial_processes
from camgr_tf.folder_lock import folder_lock


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


def test_a_trial_ends_well_only_with_a_result(tmp_path):
    assert end_trial(tmp_path, 0) == f"it ended without a result in {tmp_path}"
    (tmp_path / "metrics.json").touch()
    assert end_trial(tmp_path, 0) == ""
    (tmp_path / "log.txt").write_text("no space left")
    assert end_trial(tmp_path, 1) == "no space left"


def test_what_a_failed_trial_left_is_ended_unless_the_next_one_has_begun(
    tmp_path,
):
    (tmp_path / "log.txt").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        env={MARK: str(tmp_path)},
    )
    while not trial_processes(tmp_path):
        time.sleep(0.02)
    with folder_lock(tmp_path, LOCK):
        end_trial(tmp_path, 1)
        assert process.poll() is None
    end_trial(tmp_path, 1)
    process.wait(5)
    assert trial_processes(tmp_path) == []


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a program in place of a trial's training."""
    popen = subprocess.Popen

    def make(program, num_threads, environment=None):
        def stands_for(command, **options):
            assert command[1:3] == ["-m", MODULE]
            return popen([sys.executable, "-c", program], **options)

        monkeypatch.setattr(subprocess, "Popen", stands_for)
        task = {"run_id": "run", "output_root": str(tmp_path), "code": "c"}
        return start_trial(task, num_threads, environment)

    return make


def test_a_trial_gets_its_threads_and_its_log(tmp_path, start):
    program = "import os; print(dict(os.environ))"
    assert start(program, 3, {"BOUND": "7"}).wait(20) == 0
    folder = tmp_path / "run"
    log = (folder / "log.txt").read_text()
    assert "'TF_NUM_INTRAOP_THREADS': '3'" in log
    assert "'OMP_NUM_THREADS': '3'" in log
    assert "'BOUND': '7'" in log
    assert f"'{MARK}': '{folder}'" in log
    task = json.loads((folder / ".task.json").read_text())
    assert task["parent"] == os.getpid() and task["code"] == "c"


def test_a_trial_holds_its_folder_until_it_ends(tmp_path, start):
    process = start("import sys, time; time.sleep(120)", 1)
    with folder_lock(tmp_path / "run", LOCK) as holder:
        # Started by this process, which has let go of it.
        assert f"process {os.getpid()} " in holder
    killer = threading.Timer(0.3, process.kill)
    killer.start()
    second = start("", 1)
    assert process.wait(5) == -9, "two processes had one folder"
    assert second.wait(20) == 0

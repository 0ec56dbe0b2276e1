import io
import json
import socket
import subprocess
import sys
import time

import psutil
import pytest

from camgr_tf.experiments import driver as module
from camgr_tf.experiments import local_executor
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.driver import Driver
from camgr_tf.experiments.driver import fail_alike
from camgr_tf.experiments.processes import LOCK
from camgr_tf.experiments.processes import MARK
from camgr_tf.experiments.processes import task_folder
from camgr_tf.experiments.processes import trial_processes
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.folder_lock import folder_lock
from camgr_tf.testing import write_tiny_folder

# What stands for a training: appends a line, and does as `max_epochs` says.
SCRIPT = """
import os, pathlib, sys, time
folder, action = pathlib.Path(sys.argv[1]), int(sys.argv[2]) % 10
with open(folder / "starts", "a") as file:
    file.write(os.environ["OMP_NUM_THREADS"] + "\\n")
if action == 2:
    raise SystemExit("this trial is broken")
if action == 3:
    os.kill(os.getpid(), 9)
if action == 4:
    time.sleep(120)
if action != 5:
    (folder / "metrics.json").write_text("{}")
"""
GOOD, BROKEN, KILLED, ENDLESS, EMPTY = 1, 2, 3, 4, 5


@pytest.fixture
def make_driver(tmp_path, monkeypatch):
    """A driver of MF trials on a tiny dataset, without their training."""
    write_tiny_folder(tmp_path / "data")

    def start(task, num_threads, environment):
        folder = task_folder(task)
        action = str(task["parameters"]["max_epochs"])
        with open(folder / "log.txt", "wb") as log:
            return subprocess.Popen(
                [sys.executable, "-c", SCRIPT, folder, action],
                stderr=log,
                start_new_session=True,
                env={"OMP_NUM_THREADS": str(num_threads), MARK: str(folder)},
            )

    monkeypatch.setattr(local_executor, "start_trial", start)

    def make(actions, **options):
        definition = Definition(
            "mine", "Mine", parameters={"model": "mf"},
            grid={"max_epochs": actions},
        )  # fmt: skip
        trials = plan_trials(definition, "tiny", 1, None, tmp_path / "data")
        options.setdefault("stream", io.StringIO())
        return trials, Driver(trials, tmp_path / "runs", **options)

    return make


def starts(trial, tmp_path):
    path = tmp_path / "runs" / trial.run_id / "starts"
    return path.read_text().splitlines() if path.is_file() else []


def test_failures_are_recorded_and_do_not_stop_the_others(
    make_driver, tmp_path
):
    trials, driver = make_driver([BROKEN, KILLED, EMPTY, GOOD])
    failed = driver.run(interval=0.02)
    broken, killed, empty, good = (trial.run_id for trial in trials)
    assert failed[broken] == "this trial is broken"
    assert failed[killed] == "ended by signal 9 (SIGKILL)"
    assert failed[empty].startswith("it ended without a result")
    assert good not in failed
    record = read_record(tmp_path / "runs" / broken)
    assert record["status"] == "failed"
    assert record["error"] == "this trial is broken"
    shown = driver.progress.stream.getvalue()
    assert "4 trials: 1 done, 0 running, 3 failed, 0 left" in shown
    assert f"failed: {broken}: this trial is broken" in shown


@pytest.mark.parametrize("action", [BROKEN, KILLED, EMPTY])
def test_a_sweep_whose_first_runs_fail_alike_stops(
    action, make_driver, tmp_path
):
    # The lowest digit says what happens, so all ten are runs of their own.
    actions = [10 * place + action for place in range(10)]
    trials, driver = make_driver(actions)
    failed = driver.run(interval=0.02)
    assert list(failed) == [trial.run_id for trial in trials[:3]]
    assert [len(starts(c, tmp_path)) for c in trials] == [1] * 3 + [0] * 7
    shown = driver.progress.stream.getvalue()
    assert "the first 3 failed alike, and 7 more were not started" in shown
    # The same command tries again.
    trials, driver = make_driver(actions)
    assert len(driver.run(interval=0.02)) == 3


@pytest.mark.parametrize(
    "actions, num_failed",
    [
        ([GOOD, BROKEN, 12, 22, 32], 4),  # one has ended well
        ([BROKEN, KILLED, 12, 13, GOOD], 4),  # for different reasons
        ([BROKEN, 12], 2),
    ],
)
def test_a_sweep_with_other_failures_goes_on(actions, num_failed, make_driver):
    trials, driver = make_driver(actions)
    assert len(driver.run(interval=0.02)) == num_failed
    assert "stopped" not in driver.progress.stream.getvalue()


def test_failures_differ_by_their_last_lines_without_numbers():
    killed = "epoch {}\nended by signal 9 in outputs/demo-{}"
    alike = [killed.format(7, "0a1b"), killed.format(12, "99ff")]
    assert not fail_alike(alike)
    assert fail_alike([*alike, killed.format(1, "3")])
    assert not fail_alike([*alike, "No space left on device"])
    assert not fail_alike([*alike, alike[0], ""])


def test_starting_again_runs_what_is_missing(make_driver, tmp_path):
    for _ in range(3):
        trials, driver = make_driver([GOOD, BROKEN])
        driver.run(interval=0.02)
    assert len(starts(trials[0], tmp_path)) == 1
    assert len(starts(trials[1], tmp_path)) == 3


def test_other_data_are_trained_anew(make_driver, tmp_path):
    trials, driver = make_driver([GOOD])
    driver.run(interval=0.02)
    data = tmp_path / "data" / "tiny"
    for path in data.iterdir():
        path.unlink()
    data.rmdir()
    write_tiny_folder(tmp_path / "data", seed=1)
    trials, driver = make_driver([GOOD])
    driver.run(interval=0.02)
    assert len(starts(trials[0], tmp_path)) == 2


def test_other_code_is_trained_anew_unless_ignored(
    make_driver, tmp_path, monkeypatch
):
    trials, driver = make_driver([GOOD])
    driver.run(interval=0.02)
    monkeypatch.setattr(module, "code_hash", lambda model: "other")
    make_driver([GOOD], ignore_code=True)[1].run(interval=0.02)
    assert len(starts(trials[0], tmp_path)) == 1
    make_driver([GOOD])[1].run(interval=0.02)
    assert len(starts(trials[0], tmp_path)) == 2


def test_equal_trials_run_once(make_driver, tmp_path):
    trials, _ = make_driver([GOOD])
    driver = Driver(trials * 3, tmp_path / "runs", stream=io.StringIO())
    assert driver.run(interval=0.02) == {}
    assert len(starts(trials[0], tmp_path)) == 1


def test_threads_are_divided_among_jobs(make_driver, tmp_path, monkeypatch):
    cores = range(8)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: cores)
    trials, driver = make_driver([GOOD], jobs=3)
    driver.run(interval=0.02)
    assert starts(trials[0], tmp_path) == ["2"]  # 8 cores for 3 jobs


def test_jobs_run_at_the_same_time(make_driver, tmp_path):
    trials, driver = make_driver([ENDLESS, GOOD], jobs=2)
    driver._fill()
    assert len(driver.running) == 2
    for run in list(driver.running.values()):
        run.stop()


def test_ctrl_c_stops_all_and_the_rest_is_kept(
    make_driver, tmp_path, monkeypatch
):
    trials, driver = make_driver([ENDLESS, GOOD])

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        driver.run()
    folder = tmp_path / "runs" / trials[0].run_id
    assert trial_processes(folder) == []
    assert read_record(folder)["status"] == "interrupted"
    with folder_lock(folder) as holder:
        assert holder is None


def test_what_a_dead_driver_left_running_is_ended(make_driver, tmp_path):
    trials, driver = make_driver([GOOD])
    folder = tmp_path / "runs" / trials[0].run_id
    folder.mkdir(parents=True)
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        env={MARK: str(folder)},
    )
    while not trial_processes(folder):
        time.sleep(0.02)
    assert driver.run(interval=0.02) == {}
    orphan.wait(5)
    assert not psutil.pid_exists(orphan.pid)


def test_another_drivers_trial_is_waited_for(make_driver, tmp_path):
    trials, driver = make_driver([ENDLESS, GOOD])
    folder = tmp_path / "runs" / trials[0].run_id
    with folder_lock(folder):
        driver._fill()
        assert list(driver.running) == [trials[1].run_id]
        assert driver.waiting == trials[:1]
        # The other driver finishes it.
        module.write_record(folder, module.trial_fingerprint(trials[0]), "done")
        (folder / "metrics.json").write_text("{}")
    assert driver.run(interval=0.02) == {}
    assert starts(trials[0], tmp_path) == []


def test_a_trial_that_lives_on_another_host_is_waited_for(
    make_driver, tmp_path
):
    trials, driver = make_driver([GOOD, BROKEN])
    folder = tmp_path / "runs" / trials[0].run_id
    # Its driver is dead, and its process out of this driver's reach.
    with folder_lock(folder, LOCK):
        driver._fill()
        assert list(driver.running) == [trials[1].run_id]
        assert driver.waiting == trials[:1]
    driver.run(interval=0.02)
    assert len(starts(trials[0], tmp_path)) == 1


def test_another_executor_runs_the_trials(make_driver, tmp_path):
    class Elsewhere:
        """Three at a time, and each ends at the second look."""

        jobs, num_threads, host = 3, 5, None

        def __init__(self):
            self.tasks, self.seen, self.looks = [], [], 0

        def start(self, task):
            self.tasks.append(task)
            return self

        def ended(self):
            self.looks += 1
            if self.looks <= len(self.tasks):
                return None
            self.host = "node7"
            return "out of memory"

        def finished(self, folder):
            self.seen.append(folder.name)

    executor = Elsewhere()
    trials, driver = make_driver([11, 21, 31, 41], executor=executor)
    driver._fill()
    assert len(driver.running) == 3
    assert driver.run(interval=0.02) == {
        trial.run_id: "out of memory" for trial in trials[:3]
    }
    assert executor.seen == [trial.run_id for trial in trials[:3]]
    task = executor.tasks[0]
    assert task["parameters"] == trials[0].parameters
    assert task["output_root"] == str(tmp_path / "runs")
    assert task["code"] == module.trial_fingerprint(trials[0]).code
    record = read_record(tmp_path / "runs" / trials[0].run_id)
    assert (record["host"], record["num_threads"]) == ("node7", 5)


def test_jobs_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="Received: jobs=0"):
        Driver([], tmp_path, jobs=0)


def test_the_record_holds_what_the_run_was_made_with(make_driver, tmp_path):
    trials, driver = make_driver([GOOD])
    driver.run(interval=0.02)
    path = tmp_path / "runs" / trials[0].run_id / "trial.json"
    record = json.loads(path.read_text())
    wanted = module.trial_fingerprint(trials[0])
    assert (record["config"], record["data"], record["code"]) == (
        wanted.config,
        wanted.data,
        wanted.code,
    )
    assert record["seconds"] >= 0 and record["num_threads"] >= 1
    assert record["host"] == socket.gethostname()

import _thread
import signal
import socket

import pytest

from camgr_tf.experiments import gpu_share
from camgr_tf.experiments import ray_task
from camgr_tf.experiments.gpu_share import BOUND
from camgr_tf.experiments.ray_task import look_around
from camgr_tf.experiments.ray_task import run_task
from camgr_tf.experiments.shared_folders import file_sizes
from camgr_tf.experiments.shared_folders import token
from camgr_tf.folder_lock import folder_lock


@pytest.fixture
def started(monkeypatch):
    """Processes in place of trials'; each ends at the second look."""
    runs = []

    class FakeRun:
        def __init__(self, task, num_threads, environment):
            self.values = (task["run_id"], num_threads, environment)
            self.looks, self.is_stopped = 0, False
            runs.append(self)

        def ended(self):
            self.looks += 1
            return None if self.looks < 2 else "diverged"

        def stop(self):
            self.is_stopped = True

    monkeypatch.setattr(ray_task, "LocalRun", FakeRun)
    monkeypatch.delenv(BOUND, raising=False)
    return runs


@pytest.fixture
def task(tmp_path):
    return {"run_id": "run", "output_root": str(tmp_path)}


def driver_of(folder):
    with folder_lock(folder) as driver:
        return driver


def test_a_task_runs_its_trial_here(tmp_path, task, started):
    with folder_lock(tmp_path / "run"):
        driver = driver_of(tmp_path / "run")
        end = run_task(task, driver, num_threads=3, interval=0.0)
    assert end == {"host": socket.gethostname(), "error": "diverged"}
    assert [run.values for run in started] == [("run", 3, {})]


def test_part_of_a_gpu_is_that_part_of_its_memory(
    tmp_path, task, started, monkeypatch
):
    monkeypatch.setattr(gpu_share, "gpu_memory_mb", lambda: 80_000)
    with folder_lock(tmp_path / "run"):
        driver = driver_of(tmp_path / "run")
        run_task(task, driver, 1, gpus=0.25, interval=0.0)
        run_task(task, driver, 1, gpus=2.0, interval=0.0)
    # A quarter, less 1,000 for CUDA; whole GPUs are not bounded.
    bounds = [run.values[2] for run in started]
    assert bounds == [{BOUND: "19000"}, {}]


def test_a_task_whose_driver_has_died_starts_nothing(tmp_path, task, started):
    end = run_task(task, "process 7 on head, since noon", 1)
    assert "process 7 on head, since noon, as" in end["error"]
    assert "by nobody: the driver has died" in end["error"]
    # The next driver holds the folder by now.
    with folder_lock(tmp_path / "run"):
        assert "but by process" in run_task(task, "process 7", 1)["error"]
    assert started == []


def test_a_task_that_is_cancelled_ends_its_process(
    tmp_path, task, started, monkeypatch
):
    def interrupt(seconds):
        # As Ray does.
        _thread.interrupt_main()

    monkeypatch.setattr(ray_task.time, "sleep", interrupt)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with folder_lock(tmp_path / "run"), pytest.raises(KeyboardInterrupt):
        run_task(task, driver_of(tmp_path / "run"), 1)
    signal.signal(signal.SIGINT, before)
    assert started[0].is_stopped


def test_all_faults_are_told(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "x").touch()
    with token(tmp_path) as name:
        good = look_around([(tmp_path, name)], {data: file_sizes(data)})
        missing = tmp_path / "missing"
        bad = look_around([(missing, name)], {missing: file_sizes(data)})
    assert good == []
    assert bad == [
        f"{missing} is missing, or is another folder",
        f"{missing} is missing",
    ]

"""A sweep on a Ray cluster whose workers and driver are killed."""

import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.processes import MARK
from camgr_tf.experiments.processes import MODULE
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.training.runs import train

pytestmark = pytest.mark.cluster

SWEEP = """
title = "Two models"

[parameters]
max_epochs = 10
patience = 1000
batch_size = 512

[[variants]]
label = "LightGCN"
model = "lightgcn"

[[variants]]
label = "MF"
model = "mf"
"""
# Two processors are two workers.
CLUSTER = """
import sys, ray
from camgr_tf.local_ray import start_ray
context = start_ray(
    2, num_gpus=0, object_store_memory=200_000_000, log_to_driver=False,
    _temp_dir=sys.argv[1],
)
print(context.address_info["gcs_address"], flush=True)
sys.stdin.read()
ray.shutdown()
"""
MACHINE = {
    "train_seconds",
    "test_seconds",
    "seconds_per_epoch",
    "peak_memory_mb",
}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Starts a cluster on this machine: a process that writes its address."""
    pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", 32 * "0")
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path / "cache"))
    # Short: the paths of sockets lie below it.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.wait(60)
    shutil.rmtree(folder, ignore_errors=True)


class Watch:
    """Counts the living processes of each run, all the time."""

    def __init__(self, root):
        self.root = root
        self.most = collections.Counter()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def __enter__(self):
        return self

    def _look(self):
        while not self._ended.wait(0.3):
            self.most |= collections.Counter(living(self.root))


def living(root):
    """The run of each living trial's process below a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            is_trial = MODULE in process.cmdline()
            if is_trial and process.status() != psutil.STATUS_ZOMBIE:
                folder = Path(process.environ()[MARK])
                found += [folder.name] * (folder.parent == root)
        except (psutil.AccessDenied, psutil.NoSuchProcess, KeyError):
            continue
    return found


def wait_for(condition, driver=None, seconds=240):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert driver is None or driver.poll() is None, "the driver has ended"
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
    return found


def metrics(folder):
    values = json.loads((folder / "metrics.json").read_text())
    return {k: v for k, v in values.items() if k not in MACHINE}


def test_killed_workers_and_a_killed_driver_change_no_number(cluster, tmp_path):
    (tmp_path / "mine.toml").write_text(SWEEP)
    root = tmp_path / "out"
    # Processes of their own: Ray keeps what it has once read of a token.
    command = [sys.executable, "-m", "camgr_tf", "sweep"]
    command += [str(tmp_path / "mine.toml"), "--dataset", "demo"]
    command += ["--seeds", "2", "--no-notebook", "--output-root", str(root)]
    command += ["--executor", "ray", "--cpus-per-run", "1"]
    command += ["--address", cluster.stdout.readline().strip()]
    driver = subprocess.Popen(command)

    with Watch(root) as watch:
        # A worker is killed after a checkpoint of its run.
        checkpoint = wait_for(
            lambda: next(root.glob("*lightgcn*/checkpoint.npz"), None), driver
        )
        folder = checkpoint.parent
        task = json.loads((folder / ".task.json").read_text())
        os.kill(task["parent"], signal.SIGKILL)
        wait_for(lambda: read_record(folder)["status"] == "done", driver)
        again = json.loads((folder / ".task.json").read_text())
        assert again["parent"] != task["parent"]

        # Then the driver, while other runs are on their way.
        wait_for(lambda: list(root.glob("*-mf-*/checkpoint.npz")), driver)
        driver.kill()
        driver.wait()
        wait_for(lambda: not living(root), seconds=60)
        states = [read_record(f.parent) for f in root.glob("*/trial.json")]
        assert {"done", "running"} == {state["status"] for state in states}

        shown = subprocess.check_output(command, text=True)
        assert "4 trials: 4 done, 0 running" in shown
        shown = subprocess.check_output(command, text=True)
        assert "1 running" not in shown and "2 running" not in shown

    (plan,) = read_plans(root)
    assert len(plan.trials) == 4
    assert watch.most == {trial.run_id: 1 for trial in plan.trials}
    for trial in plan.trials:
        local = train(trial.config, tmp_path / "local", progress=False)
        assert metrics(root / trial.run_id) == metrics(Path(local.folder))

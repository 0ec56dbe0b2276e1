"""`camgr train --workers 2` against one process, a worker killed."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.serving.conftest import small_root
from camgr_tf.training.runs import train
from camgr_tf.training.state import load_arrays

__all__ = ["small_root"]
pytestmark = pytest.mark.cluster

PARAMETERS = {
    "model": "camgr",
    "dataset": "small",
    "num_neighbors": 3,
    "embedding_dim": 8,
    "batch_size": 15,
    "max_epochs": 12,
    "patience": 100,
    "seed": 3,
}


def start(root, output_root):
    options = [
        argument
        for name, value in PARAMETERS.items()
        if name not in ("model", "dataset")
        for argument in ("-p", name, str(value))
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "camgr_tf", "train", "camgr"]
        + ["--dataset", "small", "--data-root", str(root)]
        + ["--output-root", str(output_root), "--workers", "2", *options]
    )


def training_workers(driver):
    """The processes of Ray Train's workers, by their name's order."""
    found = []
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            name = " ".join(process.cmdline())
            if "RayTrainWorker" in name:
                found.append(process)
        except psutil.Error:
            continue
    return found


# With a killed worker it has passed and failed: not in CI until it is known
# why Ray's retry may end without the run.
@pytest.mark.parametrize(
    "killed", [False, pytest.param(True, marks=pytest.mark.long)]
)
def test_two_workers_make_the_run_of_one_process(
    killed, small_root, tmp_path, monkeypatch
):
    pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path / "cache"))
    config = resolve_config(data_root=str(small_root), **PARAMETERS)
    alone = train(config, tmp_path / "alone", progress=False)
    driver = start(small_root, tmp_path / "shared")
    folder = tmp_path / "shared" / config.run_id
    try:
        if killed:
            deadline = time.monotonic() + 200
            while not (folder / "checkpoint.npz").is_file():
                assert driver.poll() is None, "ended without a checkpoint"
                assert time.monotonic() < deadline
                time.sleep(0.01)
            victim = training_workers(driver)[-1]
            victim.kill()
            assert not (folder / "metrics.json").is_file()
        assert driver.wait(300) == 0
    finally:
        if driver.poll() is None:
            driver.terminate()
            driver.wait(60)
    of_one = tmp_path / "alone" / config.run_id
    history = pd.read_csv(folder / "history.csv")
    assert list(history["epoch"]) == list(range(12))
    np.testing.assert_allclose(
        history["loss"], alone.history["loss"], rtol=1e-5
    )
    arrays, _ = load_arrays(folder / "weights.npz")
    expected, _ = load_arrays(
        tmp_path / "alone" / config.run_id / "weights.npz"
    )
    assert set(arrays) == set(expected)
    for name, value in expected.items():
        error = np.abs(arrays[name] - value).max()
        assert error <= 1e-5 * np.abs(value).max(), name
    # Worker 0 alone writes; what Ray Train notes for itself is gone.
    files = {path.name for path in folder.iterdir()}
    assert files == {path.name for path in of_one.iterdir()}
    events = [len(list(place.rglob("events*"))) for place in (folder, of_one)]
    assert events[0] == events[1] * (1 + killed)

"""`camgr train --workers 2` against one process, a worker killed."""

import subprocess
import sys
import threading
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

# Seconds; a busy machine starts Ray and TensorFlow in minutes.
PATIENCE = 600
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


def command(model, root, output_root, parameters):
    options = [
        argument
        for name, value in parameters.items()
        if name not in ("model", "dataset")
        for argument in ("-p", name, str(value))
    ]
    return (
        [sys.executable, "-m", "camgr_tf", "train", model]
        + ["--dataset", "small", "--data-root", str(root)]
        + ["--output-root", str(output_root), "--workers", "2", *options]
    )


def training_workers(driver):
    """The processes of Ray Train's workers, by their numbers."""
    found = []
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            name = " ".join(process.cmdline())
            if "RayTrainWorker" in name:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_killed_worker_changes_no_number(small_root, tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path / "cache"))
    config = resolve_config(data_root=str(small_root), **PARAMETERS)
    arguments = command("camgr", small_root, tmp_path / "shared", PARAMETERS)
    driver = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    said = []
    reader = threading.Thread(target=lambda: said.extend(driver.stderr))
    reader.start()
    folder = tmp_path / "shared" / config.run_id
    try:
        deadline = time.monotonic() + PATIENCE
        while not (folder / "checkpoint.npz").is_file():
            assert driver.poll() is None, "".join(said)
            assert time.monotonic() < deadline, "".join(said)
            time.sleep(0.01)
        training_workers(driver)[-1].kill()
        assert not (folder / "metrics.json").is_file()
        # Meanwhile.
        alone = train(config, tmp_path / "alone", progress=False)
        assert driver.wait(PATIENCE) == 0, "".join(said)
    finally:
        if driver.poll() is None:
            driver.terminate()
            driver.wait(60)
        reader.join()
    assert sum("A worker was lost" in line for line in said) == 1
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
    assert events[0] == 2 * events[1]


@pytest.mark.long
def test_an_error_that_would_come_back_ends_it_at_once(small_root, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    # Of a feature that this data set does not have, the workers learn first.
    parameters = {"modalities": "audio", "max_epochs": 1}
    ended = subprocess.run(
        command("camgr", small_root, tmp_path, parameters),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 2
    assert "was lost" not in ended.stderr
    *_, last = ended.stderr.splitlines()
    assert last.startswith("camgr train: error: ") and "audio" in last
    assert ended.stderr.count("camgr train: error: ") == 1

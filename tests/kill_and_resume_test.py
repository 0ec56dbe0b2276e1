"""A training process that is killed, and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import json
import sys
from camgr_tf.config import resolve_config
from camgr_tf.training.runs import train

config = resolve_config(
    dataset="demo", batch_size=256, max_epochs=8, **json.loads(sys.argv[2])
)
train(config, sys.argv[1], progress=False)
"""
# With dropout and tables that are moved by rows: all that a step draws or
# keeps has to be found again.
SAMPLED = {"model": "camgr", "sampling": "neighbors", "fanouts": "3,1"}
# What the end of a run must not depend on.
TIMES = ("train_seconds", "test_seconds", "seconds_per_epoch")


def start(output_root, parameters):
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(output_root),
            json.dumps(parameters),
        ],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def finish(output_root, parameters):
    """Metrics and weights of the run's end."""
    assert start(output_root, parameters).wait(timeout=300) == 0
    (path,) = Path(output_root).glob("*/metrics.json")
    metrics = json.loads(path.read_text())
    for name in (*TIMES, "peak_memory_mb"):
        metrics.pop(name)
    with np.load(path.with_name("weights.npz")) as arrays:
        return metrics, dict(arrays)


def rows(output_root):
    """Epochs in the history so far."""
    paths = list(Path(output_root).glob("*/history.csv"))
    return len(paths[0].read_text().splitlines()) - 1 if paths else 0


@pytest.mark.parametrize(
    "parameters",
    [{"model": "bm3"}, pytest.param(SAMPLED, marks=pytest.mark.long)],
    ids=["whole graph", "sampled neighbors"],
)
def test_a_killed_training_ends_as_one_never_killed(tmp_path, parameters):
    never_killed, weights = finish(tmp_path / "whole", parameters)

    killed = tmp_path / "killed"
    process = start(killed, parameters)
    deadline = time.monotonic() + 300
    while rows(killed) < 3:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(killed.glob("*/metrics.json"))

    metrics, resumed = finish(killed, parameters)
    assert metrics == never_killed
    for name, values in weights.items():
        np.testing.assert_array_equal(resumed[name], values, name)
    assert rows(killed) == 8
    # The lock stays; the system lets go of it with its process.
    left = {path.name for path in killed.glob("*/.*")} - {".training"}
    assert not left, "a temporary file was left behind"

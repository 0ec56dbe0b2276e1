"""A training process that is killed, and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import sys
from camgr_tf.config import resolve_config
from camgr_tf.training.runs import train

config = resolve_config(
    dataset="demo", model="bm3", batch_size=256, max_epochs=8
)
train(config, sys.argv[1], progress=False)
"""
# What the end of a run must not depend on.
TIMES = ("train_seconds", "test_seconds", "seconds_per_epoch")


def start(output_root):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(output_root)],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def finish(output_root):
    assert start(output_root).wait(timeout=300) == 0
    (path,) = Path(output_root).glob("*/metrics.json")
    metrics = json.loads(path.read_text())
    for name in (*TIMES, "peak_memory_mb"):
        metrics.pop(name)
    return metrics


def rows(output_root):
    """Epochs in the history so far."""
    paths = list(Path(output_root).glob("*/history.csv"))
    return len(paths[0].read_text().splitlines()) - 1 if paths else 0


def test_a_killed_training_ends_with_the_metrics_of_one_never_killed(tmp_path):
    never_killed = finish(tmp_path / "whole")

    killed = tmp_path / "killed"
    process = start(killed)
    deadline = time.monotonic() + 300
    while rows(killed) < 3:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(killed.glob("*/metrics.json"))

    assert finish(killed) == never_killed
    assert rows(killed) == 8
    # The lock stays; the system lets go of it with its process.
    left = {path.name for path in killed.glob("*/.*")} - {".training"}
    assert not left, "a temporary file was left behind"

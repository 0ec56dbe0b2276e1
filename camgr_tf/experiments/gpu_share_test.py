import json
import os

import pytest

from camgr_tf.experiments.gpu_share import BOUND
from camgr_tf.experiments.gpu_share import GpuShare
from camgr_tf.experiments.gpu_share import gpu_memory_mb
from camgr_tf.experiments.gpu_share import runs_of_gpus


@pytest.fixture(autouse=True)
def no_bound(monkeypatch):
    monkeypatch.setenv(BOUND, "")
    monkeypatch.delenv(BOUND)


def test_each_trial_gets_its_share():
    said = []
    # A quarter of 80,000, less 1,000 for CUDA.
    share = GpuShare(4, 80_000, said.append)
    assert share.environment == {BOUND: "19000"}
    assert BOUND not in os.environ
    (line,) = said
    assert "4 trials at one time, each with at most 19000 MB" in line


@pytest.mark.parametrize("jobs, total", [(1, 80_000), (3, None)])
def test_nothing_is_shared(jobs, total):
    said = []
    assert GpuShare(jobs, total, said.append).environment == {}
    assert said == []


def test_the_users_bound_stays(monkeypatch):
    monkeypatch.setenv(BOUND, "77")
    assert GpuShare(2, 80_000, print).environment == {}


def test_refuses_more_trials_than_fit():
    message = "9 trials at one time do not fit a GPU of 8192 MB"
    with pytest.raises(ValueError, match=message):
        GpuShare(9, 8192, print)


def test_says_how_many_fit(tmp_path):
    said = []
    share = GpuShare(2, 10_000, said.append)
    share.finished(tmp_path)
    for peak in (None, 1000.0, 1050.0, 900.0, 4500.0):
        metrics = {"peak_gpu_memory_mb": peak}
        (tmp_path / "metrics.json").write_text(json.dumps(metrics))
        share.finished(tmp_path)
    # 10,000 over 1,000 + 1,000, and over 4,500 + 1,000.
    assert said[1:] == [
        "a trial took 1000 MB of the GPU: 5 such fit at one time",
        "a trial took 4500 MB of the GPU: 1 such fit at one time",
    ]


@pytest.mark.parametrize(
    "script, expected",
    [
        ("echo 81559; echo 81559", 81559),
        ("echo '[N/A]'", None),
        ("exit 9", None),
    ],
)
def test_the_driver_is_asked(tmp_path, monkeypatch, script, expected):
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpu_memory_mb() == expected
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert gpu_memory_mb() is None


@pytest.mark.parametrize(
    "gpus, each, expected",
    [(2, 0.25, 8), (1, 0.1, 10), (1, 0.3, 3), (1, 1.0, 1), (5, 2.0, 2)],
)
def test_runs_that_fit_the_gpus(gpus, each, expected):
    assert runs_of_gpus(gpus, each) == expected

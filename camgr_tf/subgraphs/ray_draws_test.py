import os
import signal
from pathlib import Path

import numpy as np
import pytest

from camgr_tf.ranking.execution import Execution
from camgr_tf.subgraphs import ray_draws as drawing
from camgr_tf.subgraphs.ray_draws import draw_subgraph
from camgr_tf.subgraphs.ray_draws import ray_draws
from camgr_tf.subgraphs.sampler_files_test import check_equal
from camgr_tf.subgraphs.sampler_files_test import make_sampler

REQUESTS = [(np.array([n % 7, 7 + n % 9]), [3, 1, n]) for n in range(12)]


def killed_once(folder, seeds, key):
    """`draw_subgraph` by a worker that is killed at the fifth subgraph."""
    mark = Path(folder) / "killed"
    if key[-1] == 4 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return draw_subgraph(folder, seeds, key)


@pytest.mark.cluster
def test_workers_draw_the_same_in_order(monkeypatch, tmp_path, ray_workers):
    monkeypatch.setattr(drawing, "draw_subgraph", killed_once)
    sampler = make_sampler()
    with ray_draws(sampler, Execution("ray"), tmp_path) as draws:
        assert draws.num_ahead == 4
        subgraphs = list(draws.in_order(REQUESTS))
    assert len(subgraphs) == 12
    for subgraph, (seeds, key) in zip(subgraphs, REQUESTS):
        check_equal(subgraph, sampler.draw(seeds, np.random.default_rng(key)))
    assert not list(tmp_path.iterdir())

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from camgr_tf.ranking import neighbor_shards
from camgr_tf.ranking.approximate_neighbors import approximate_neighbors
from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.neighbor_shards import sharded_neighbors
from camgr_tf.ranking.neighbor_shards import write_neighbor_part
from camgr_tf.ranking.neighbors import nearest_neighbors

NUM_ITEMS, K = 61, 3


def make_features():
    """Items on a quarter of a circle, one a degree: near ids are similar."""
    angles = np.radians(np.arange(NUM_ITEMS))
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype("float32")


def expected(include_self=True):
    """The item, then those one degree away, the smaller id first.

    At both ends, and without the item, those further away.
    """
    rows = []
    for item in range(NUM_ITEMS):
        others = [i for i in range(NUM_ITEMS) if include_self or i != item]
        rows.append(sorted(others, key=lambda i: (abs(i - item), i))[:K])
    return np.array(rows)


def check(found, include_self=True):
    # Two items at one distance tie but for the rounding of their features.
    indices, similarities = found
    steps = np.abs(indices - np.arange(NUM_ITEMS)[:, None])
    wanted = expected(include_self) - np.arange(NUM_ITEMS)[:, None]
    np.testing.assert_array_equal(steps, np.abs(wanted))
    assert all(len(set(row)) == K for row in indices.tolist())
    np.testing.assert_allclose(
        similarities, np.cos(np.radians(steps)), rtol=1e-6
    )


@pytest.mark.parametrize("num_shards", [1, 2, 7])
@pytest.mark.parametrize("include_self", [True, False])
def test_same_neighbors_in_any_number_of_shards(
    tmp_path, num_shards, include_self
):
    path = tmp_path / "neighbors.npz"
    found = sharded_neighbors(
        make_features(), path, K, Execution(num_shards=num_shards), include_self
    )
    check(found, include_self)
    whole = nearest_neighbors(make_features(), K, include_self)
    for values, others in zip(found, whole):
        np.testing.assert_array_equal(values, others)
    assert [values.dtype for values in found] == ["int32", "float32"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("num_shards", [1, 2, 7])
def test_cells_are_looked_into_as_by_one_process(tmp_path, num_shards):
    pytest.importorskip("faiss", reason="needs the extra `index`")
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(40, 12))
    features = centers[rng.integers(40, size=2000)]
    features = (features + 0.3 * rng.normal(size=(2000, 12))).astype("float32")
    *wanted, recall = approximate_neighbors(features, 5)
    # All cells would be the exact search, whatever is done with the index.
    assert recall < 1.0
    got = sharded_neighbors(
        features,
        tmp_path / "a.npz",
        5,
        Execution(num_shards=num_shards),
        method="approximate",
    )
    for values, others in zip(got, wanted):
        np.testing.assert_array_equal(values, others)


def test_a_shard_has_so_many_items(monkeypatch, tmp_path):
    monkeypatch.setattr(neighbor_shards, "SHARD_ITEMS", 25)
    calls = []

    def part(folder, *bounds, **options):
        calls.append(bounds)
        write_neighbor_part(folder, *bounds, **options)

    monkeypatch.setattr(neighbor_shards, "write_neighbor_part", part)
    check(sharded_neighbors(make_features(), tmp_path / "a", K, Execution()))
    assert calls == [(0, 20, 0), (20, 40, 1), (40, 61, 2)]


def test_too_many_neighbors_are_refused_at_once(tmp_path):
    with pytest.raises(ValueError, match="in 1..61, the number of"):
        sharded_neighbors(make_features(), tmp_path / "a", 62, Execution())
    assert not list(tmp_path.iterdir())


def test_parts_that_are_not_here_are_missed(monkeypatch, tmp_path):
    monkeypatch.setattr(
        neighbor_shards, "write_neighbor_part", lambda *_, **__: None
    )
    with pytest.raises(FileNotFoundError, match="3 of 3 parts are not in"):
        sharded_neighbors(
            make_features(), tmp_path / "a", K, Execution(num_shards=3)
        )
    assert not list(tmp_path.iterdir())


def killed_once(folder, start, stop, place, **options):
    """`write_neighbor_part` by a worker that is killed while it has part 1."""
    mark = Path(folder) / "killed"
    if place == 1 and not mark.exists():
        mark.touch()
        (Path(folder) / "parts" / ".ab-part-00001.npz").write_text("begun")
        os.kill(os.getpid(), signal.SIGKILL)
    write_neighbor_part(folder, start, stop, place, **options)


@pytest.mark.cluster
def test_ray_finishes_where_a_worker_is_killed(
    monkeypatch, tmp_path, ray_workers
):
    monkeypatch.setattr(neighbor_shards, "write_neighbor_part", killed_once)
    path = tmp_path / "neighbors.npz"
    check(sharded_neighbors(make_features(), path, K, Execution("ray", 3, 2)))
    assert not list(tmp_path.iterdir())


# A driver that is killed at its second shard.
DRIVER = """
import sys
from pathlib import Path
from camgr_tf.ranking import neighbor_shards
from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.neighbor_shards_test import K, killed_once, make_features

neighbor_shards.write_neighbor_part = killed_once
neighbor_shards.sharded_neighbors(
    make_features(), Path(sys.argv[1]), K, Execution(num_shards=3)
)
"""


def test_a_killed_driver_leaves_no_file(tmp_path):
    path = tmp_path / "neighbors.npz"
    driver = subprocess.run([sys.executable, "-c", DRIVER, path])
    assert driver.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".neighbors.npz.partial-")
    # The next one begins again, and removes what is left.
    check(sharded_neighbors(make_features(), path, K, Execution()))
    assert not list(tmp_path.iterdir())

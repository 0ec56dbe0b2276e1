import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from camgr_tf.ranking import block
from camgr_tf.ranking import list_parts
from camgr_tf.ranking.block import SeenItems
from camgr_tf.ranking.block import Vectors
from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.list_file import write_list_part
from camgr_tf.ranking.list_parts import write_list_parts
from camgr_tf.ranking.list_source import ListSource

NUM_USERS, NUM_ITEMS, K = 60, 9, 4


def make_source():
    """Users and items on a line: the largest unseen item is the best.

    A user's vector is one, an item's is its number; user `u` has seen the
    item `u % 9`, and users from 50 on nothing: they get the popular items.
    """
    seen = np.arange(50) % NUM_ITEMS
    return ListSource(
        Vectors(
            np.ones((NUM_USERS, 1), "float32"),
            np.arange(NUM_ITEMS, dtype="float32")[:, None],
            np.bincount(seen, minlength=NUM_ITEMS),
        ),
        SeenItems(seen, np.minimum(np.arange(NUM_USERS + 1), 50)),
        np.array([f"user{u}" for u in range(NUM_USERS)], object),
        np.array([f"item{i}" for i in range(NUM_ITEMS)], object),
    )


def expected_rows():
    rows = []
    for user in range(NUM_USERS):
        # 50 = 5 * 9 + 5: the items 0 to 4 have six users, the others five.
        ranked = [(i, 6.0 if i < 5 else 5.0) for i in range(NUM_ITEMS)]
        if user < 50:
            ranked = [(i, float(i)) for i in reversed(range(NUM_ITEMS))]
            ranked.pop(NUM_ITEMS - 1 - user % NUM_ITEMS)
        rows += [
            {"user": f"user{user}", "item": f"item{item}", "score": score,
             "rank": rank}
            for rank, (item, score) in enumerate(ranked[:K], start=1)
        ]  # fmt: skip
    return rows


def killed_once(folder, start, stop, place, k, exclude_seen):
    """`write_list_part` by a worker that is killed while it writes part 1."""
    mark = Path(folder) / "killed"
    if place == 1 and not mark.exists():
        mark.touch()
        (Path(folder) / "parts" / ".part-00001.parquet-x").write_text("begun")
        os.kill(os.getpid(), signal.SIGKILL)
    write_list_part(folder, start, stop, place, k, exclude_seen)


@pytest.mark.parametrize("num_shards", [1, 2, 7])
@pytest.mark.parametrize("users_at_a_time", [4, 1000])
def test_same_rows_in_any_number_of_parts(
    monkeypatch, tmp_path, users_at_a_time, num_shards
):
    monkeypatch.setattr(block, "BLOCK_ENTRIES", users_at_a_time * NUM_ITEMS)
    path = tmp_path / "lists.parquet"
    write_list_parts(make_source(), path, K, Execution(num_shards=num_shards))
    assert pq.read_table(path).to_pylist() == expected_rows()
    assert sorted(p.name for p in path.iterdir()) == [
        f"part-{place:05}.parquet" for place in range(num_shards)
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["lists.parquet"]


def test_parts_that_are_not_here_are_missed(monkeypatch, tmp_path):
    monkeypatch.setattr(list_parts, "write_list_part", lambda *_, **__: None)
    with pytest.raises(FileNotFoundError, match="3 of 3 parts are not in"):
        write_list_parts(
            make_source(), tmp_path / "lists", K, Execution(num_shards=3)
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.cluster
def test_ray_finishes_where_a_worker_is_killed(
    monkeypatch, tmp_path, ray_workers
):
    monkeypatch.setattr(list_parts, "write_list_part", killed_once)
    path = tmp_path / "lists.parquet"
    write_list_parts(make_source(), path, K, Execution("ray", 3, 2))
    assert pq.read_table(path).to_pylist() == expected_rows()
    assert len(list(path.iterdir())) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["lists.parquet"]


@pytest.mark.cluster
def test_beam_writes_the_same_rows(tmp_path):
    pytest.importorskip("apache_beam", reason="needs the extra `beam`")
    path = tmp_path / "lists.parquet"
    write_list_parts(make_source(), path, K, Execution("beam", 3, 2))
    assert pq.read_table(path).to_pylist() == expected_rows()
    assert [p.name for p in tmp_path.iterdir()] == ["lists.parquet"]


# A driver whose workers never end: what is killed with it.
DRIVER = """
import sys
from pathlib import Path
from camgr_tf.ranking import list_parts
from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.list_parts_test import K, endless, make_source

list_parts.write_list_part = endless
list_parts.write_list_parts(
    make_source(), Path(sys.argv[1]), K, Execution("ray", 2, 2)
)
"""


def endless(folder, start, stop, place, k, exclude_seen):
    (Path(folder) / "parts" / f".part-{place:05}.parquet-{os.getpid()}").touch()
    time.sleep(600)


@pytest.mark.cluster
def test_a_killed_driver_leaves_no_lists_and_no_workers(tmp_path):
    pytest.importorskip("ray", reason="needs the extra `cluster`")
    path = tmp_path / "lists.parquet"
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, path])
    try:
        begun = []
        while not begun and driver.poll() is None:
            time.sleep(0.2)
            begun = list(tmp_path.glob(".*/parts/.part-*"))
    finally:
        driver.kill()
        driver.wait()
    assert begun and not path.exists()
    worker = Path("/proc") / begun[0].name.rpartition("-")[2]
    waited = time.monotonic()
    while worker.exists() and time.monotonic() < waited + 60:
        time.sleep(0.2)
    assert not worker.exists()
    write_list_parts(make_source(), path, K, Execution())
    assert pq.read_table(path).to_pylist() == expected_rows()
    assert [p.name for p in tmp_path.iterdir()] == ["lists.parquet"]

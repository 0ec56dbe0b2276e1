"""How long all users' lists take, by how many workers, in what memory."""

import hashlib
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq

from camgr_tf.ranking.block import SeenItems
from camgr_tf.ranking.block import Vectors
from camgr_tf.ranking.execution import Execution
from camgr_tf.ranking.list_parts import write_list_parts
from camgr_tf.ranking.list_source import ListSource

# What the processes of workers are named by.
WORKERS = ("ray::", "apache_beam.runners.worker.sdk_worker_main")
SECONDS_BETWEEN_LOOKS = 0.05
SEEN_A_USER = 7


def measure_lists(
    num_users,
    num_items,
    k=50,
    dim=64,
    executor="local",
    num_workers=1,
    num_shards=None,
    folder=None,
    seed=0,
):
    """Times the lists of made-up users, written as Parquet.

    The time includes the start of Ray or Beam and the files that workers map.

    Args:
        num_users: Integer.
        num_items: Integer.
        k: Integer. Items a user. Defaults to `50`.
        dim: Integer. Width of the vectors. Defaults to `64`.
        executor: String, as of `Execution`. Defaults to `"local"`: one
            process, one thread.
        num_workers: Integer. Defaults to `1`.
        num_shards: Integer. Defaults to `None`: as `write_list_parts`.
        folder: Path of a folder for the lists, which are removed again.
            Defaults to `None`: one of the system.
        seed: Integer. Of vectors and seen items. Defaults to `0`.

    Returns:
        Dictionary of plain values, one row of the table. `rows_hash` is
        equal where the lists are; `worker_memory_mb` is the most that one
        worker held, mapped pages included, and `None` without workers.
    """
    source = made_up_source(num_users, num_items, dim, seed)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / "lists.parquet"
        with WorkerMemory() as memory:
            started = time.perf_counter()
            write_list_parts(
                source,
                path,
                k,
                Execution(executor, num_shards, num_workers),
                progress=False,
            )
            seconds = time.perf_counter() - started
        return {
            "users": num_users,
            "items": num_items,
            "k": k,
            "dim": dim,
            "workers": num_workers,
            "shards": len(list(path.iterdir())),
            "lists_seconds": seconds,
            "users_per_second": num_users / seconds,
            "worker_memory_mb": memory.peak_mb,
            "load": psutil.getloadavg()[0],
            "rows_hash": rows_hash(path),
        }


def made_up_source(num_users, num_items, dim, seed):
    """Normal vectors, seven random seen items a user.

    Args:
        num_users: Integer.
        num_items: Integer.
        dim: Integer. Width of the vectors.
        seed: Integer.

    Returns:
        `ListSource`.
    """
    rng = np.random.default_rng(seed)
    users, items = (
        rng.standard_normal((size, dim), "float32")
        for size in (num_users, num_items)
    )
    starts = SEEN_A_USER * np.arange(num_users + 1)
    seen = rng.integers(0, num_items, starts[-1], "int32")
    return ListSource(
        Vectors(users, items, np.bincount(seen, minlength=num_items)),
        SeenItems(seen, starts),
        np.array([f"user{user}" for user in range(num_users)], object),
        np.array([f"item{item}" for item in range(num_items)], object),
    )


def rows_hash(path):
    """A hash of the rows of a Parquet data set, whatever its files.

    Args:
        path: Path of a file or folder.

    Returns:
        String of 12 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for column in pq.read_table(path).combine_chunks().columns:
        for buffer in column.combine_chunks().buffers():
            digest.update(buffer or b"")
    return digest.hexdigest()[:12]


class WorkerMemory:
    """Watches the workers below this process inside a `with` block.

    Attributes:
        peak_mb: Float, the most resident memory that one of them had;
            `None` where there were none.
    """

    def __init__(self):
        self.peak_mb = None
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._watcher.start()
        return self

    def __exit__(self, *error):
        self._done.set()
        self._watcher.join()

    def _watch(self):
        while not self._done.wait(SECONDS_BETWEEN_LOOKS):
            for process in psutil.Process().children(recursive=True):
                try:
                    if not _is_worker(process):
                        continue
                    found = process.memory_info().rss / 2**20
                except psutil.Error:  # it has ended
                    continue
                self.peak_mb = max(self.peak_mb or 0.0, found)


def _is_worker(process):
    line = " ".join(process.cmdline())
    return any(name in line for name in WORKERS)

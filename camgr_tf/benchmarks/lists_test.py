import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

from camgr_tf.benchmarks.lists import WorkerMemory
from camgr_tf.benchmarks.lists import measure_lists
from camgr_tf.benchmarks.lists import rows_hash

# A process that is named as Ray names a worker, with 100 MB.
WORKER = "x = b'x' * 100_000_000; input()"


def test_the_hash_is_of_the_rows_and_not_of_the_files(tmp_path):
    pq.write_table(pa.table({"a": ["x", "yz", "w"]}), tmp_path / "one.parquet")
    parts = tmp_path / "parts"
    parts.mkdir()
    for place, names in enumerate((["x"], ["yz", "w"])):
        pq.write_table(pa.table({"a": names}), parts / f"{place}.parquet")
    pq.write_table(pa.table({"a": ["xy", "z", "w"]}), tmp_path / "two.parquet")
    assert rows_hash(parts) == rows_hash(tmp_path / "one.parquet")
    assert rows_hash(parts) != rows_hash(tmp_path / "two.parquet")


def test_same_lists_in_any_number_of_shards():
    hashes = {
        measure_lists(90, 40, k=5, dim=3, num_shards=n)["rows_hash"]
        for n in (1, 2, 7)
    }
    assert len(hashes) == 1


def test_the_memory_of_a_worker_is_seen():
    with WorkerMemory() as memory:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, "ray::shard"], stdin=subprocess.PIPE
        )
        until = time.monotonic() + 30
        while (memory.peak_mb or 0) < 100 and time.monotonic() < until:
            time.sleep(0.05)
        worker.communicate(b"\n")
    assert 95 < memory.peak_mb < 150

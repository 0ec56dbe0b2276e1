"""How long, and how much memory, a dataset takes from large tables."""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from camgr_tf.data.dataset import load_dataset
from camgr_tf.ingest.catalog_tables import read_interactions

ROWS_OF_A_USER = 20
ROWS_OF_AN_ITEM = 400
# Rows that are made at one time.
BLOCK_ROWS = 500_000
WORDS = ("red", "blue", "green", "mug", "lamp", "bag", "large", "small")


def measure_tables(num_rows, measure="dataset", folder=None, seed=0):
    """Times the reading of made-up Parquet tables.

    Args:
        num_rows: Integer. Rows of the table of interactions.
        measure: String. `"reading"`, of the interactions, or `"dataset"`, all
            that `camgr data catalog` does. Defaults to `"dataset"`.
        folder: Path of a folder for tables and dataset, which are removed
            again. Defaults to `None`: one of the system.
        seed: Integer. Of the rows. Defaults to `0`.

    Returns:
        Dictionary of plain values, one row of the table. `tables_memory_mb`
        is the peak beyond the libraries; `content_hash` is that of the
        dataset, and empty without one.
    """
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        root = Path(temporary)
        write_tables(root, num_rows, seed)
        content_hash = ""
        if measure == "dataset":
            # TensorFlow comes with the encoders, and is no part of the time.
            from camgr_tf.ingest.catalog_builder import build_catalog_dataset
        before = psutil.Process().memory_info().rss / 2**20
        started = time.perf_counter()
        if measure == "reading":
            read_interactions(root / "interactions.parquet")
        else:
            build_catalog_dataset(
                root / "interactions.parquet",
                root / "items.parquet",
                root / "shop",
                text_options={"dimension": 8},
            )
        seconds = time.perf_counter() - started
        memory = _peak_mb() - before
        if measure == "dataset":
            content_hash = load_dataset("shop", root, ("text",)).content_hash
    return {
        "rows": num_rows,
        "tables_seconds": seconds,
        "tables_memory_mb": memory,
        "load": psutil.getloadavg()[0],
        "content_hash": content_hash[:12],
    }


def write_tables(folder, num_rows, seed=0):
    """Writes `interactions.parquet` and `items.parquet`, in blocks of rows.

    Users are drawn alike, items the more often the smaller their number; some
    pairs are there more than once.

    Args:
        folder: Path.
        num_rows: Integer. Rows of the table of interactions.
        seed: Integer. Defaults to `0`.
    """
    rng = np.random.default_rng(seed)
    num_users = max(1, num_rows // ROWS_OF_A_USER)
    num_items = max(1, num_rows // ROWS_OF_AN_ITEM)
    schema = pa.schema(
        [
            ("user", pa.string()),
            ("item", pa.string()),
            ("rating", pa.float32()),
            ("timestamp", pa.int64()),
        ]
    )
    path = Path(folder) / "interactions.parquet"
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, num_rows, BLOCK_ROWS):
            size = min(BLOCK_ROWS, num_rows - start)
            users = rng.integers(num_users, size=size)
            items = (num_items * rng.random(size) ** 2).astype("int64")
            block = [
                _ids("user", users),
                _ids("item", items),
                rng.integers(1, 6, size).astype("float32"),
                1_400_000_000 + rng.integers(10**8, size=size),
            ]
            writer.write_table(pa.table(block, schema=schema))
    titles = rng.choice(WORDS, (num_items, 3))
    table = {
        "item": _ids("item", np.arange(num_items)),
        "title": [" ".join(words) for words in titles],
    }
    pq.write_table(pa.table(table), Path(folder) / "items.parquet")


def _ids(name, numbers):
    texts = pa.array(numbers).cast(pa.string())
    return pyarrow.compute.binary_join_element_wise(name, texts, "")


def _peak_mb():
    # Kilobytes on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

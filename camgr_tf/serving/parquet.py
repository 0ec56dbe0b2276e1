"""Vectors and recommendations as Parquet files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from camgr_tf.serving.lists import check_file
from camgr_tf.serving.lists import check_k
from camgr_tf.staged_file import staged_file


def export_vectors(recommender, folder):
    """Writes `users.parquet` and `items.parquet`.

    Args:
        recommender: `TrainedRecommender`.
        folder: Path of the folder, made where missing.

    Returns:
        Tuple of the two paths. Their columns are `user` or `item` (original
        id) and `vector` (list of float32).
    """
    catalog = recommender.catalog
    paths = []
    for name, ids, vectors in (
        ("user", catalog.user_ids, recommender.user_vectors),
        ("item", catalog.item_ids, recommender.item_vectors),
    ):
        rows = pa.FixedSizeListArray.from_arrays(
            pa.array(vectors.ravel()), vectors.shape[1]
        )
        table = pa.table({name: pa.array(ids, pa.string()), "vector": rows})
        path = Path(folder) / f"{name}s.parquet"
        with staged_file(path) as staging:
            pq.write_table(table, staging)
        paths.append(path)
    return tuple(paths)


def write_recommendations(
    recommender, path, k=20, exclude_seen=True, block_size=4096, progress=True
):
    """Writes the recommendations of all users, in blocks of users.

    Memory does not grow with the number of users.

    Args:
        recommender: `TrainedRecommender`.
        path: Path of the Parquet file, written whole or not at all. Its
            columns are `user`, `item` (original ids), `score` and `rank`.
        k: Integer. Items a user. Defaults to `20`.
        exclude_seen: Boolean. Whether training items are left out. Defaults
            to `True`.
        block_size: Integer. Users at one time, and in one row group. Defaults
            to `4096`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        The path.

    Raises:
        ValueError: If `k` is below 1 or above the number of items, or
            `block_size` below 1.
        OSError: If the path is a folder, or lies in a file.
    """
    check_k(k, recommender.num_items)
    if block_size < 1:
        raise ValueError(
            f"`block_size` must be positive. Received: block_size={block_size}"
        )
    check_file(path)
    catalog = recommender.catalog
    schema = pa.schema(
        [
            ("user", pa.string()),
            ("item", pa.string()),
            ("score", pa.float32()),
            ("rank", pa.int32()),
        ]
    )
    num_users = recommender.num_users
    bar = tqdm(
        total=num_users, unit="users", desc="recommend", disable=not progress
    )
    with (
        bar,
        staged_file(path) as staging,
        pq.ParquetWriter(staging, schema) as writer,
    ):
        for start in range(0, num_users, block_size):
            users = np.arange(start, min(start + block_size, num_users))
            items, scores = recommender.rank(users, k, exclude_seen)
            found = items.ravel() >= 0
            ranks = np.tile(np.arange(1, k + 1, dtype="int32"), len(users))
            columns = (
                np.repeat(catalog.user_ids[users], k),
                catalog.item_ids[items.ravel()],
                scores.ravel(),
                ranks,
            )
            writer.write_table(
                pa.table([column[found] for column in columns], schema=schema)
            )
            bar.update(len(users))
    return Path(path)

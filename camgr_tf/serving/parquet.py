"""Vectors and recommendations as Parquet files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from camgr_tf.ranking.block import Vectors
from camgr_tf.ranking.list_file import write_lists
from camgr_tf.ranking.list_parts import write_list_parts
from camgr_tf.ranking.list_source import ListSource
from camgr_tf.ranking.part_files import progress_bar
from camgr_tf.serving.lists import check_file
from camgr_tf.serving.lists import check_k
from camgr_tf.serving.lists import warn_of_popularity
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
    recommender, path, k=20, exclude_seen=True, block_size=None, progress=True
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
        block_size: Integer. Users in one row group. Defaults to `None`:
            about 4096.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.

    Returns:
        The path.

    Raises:
        ValueError: If `k` is below 1 or above the number of items, or
            `block_size` below 1.
        OSError: If the path is a folder, or lies in a file.
    """
    check_k(k, recommender.num_items)
    if block_size is not None and block_size < 1:
        raise ValueError(
            f"`block_size` must be positive. Received: block_size={block_size}"
        )
    check_file(path)
    _warn_of_unknown_users(recommender)
    source = list_source(recommender)
    num_users = recommender.num_users
    bar = progress_bar(num_users, "users", "recommend", progress)
    with bar, staged_file(path) as file:
        write_lists(
            source, 0, num_users, k, file, exclude_seen, block_size, bar.update
        )
    return Path(path)


def write_recommendation_parts(
    recommender, path, execution, k=20, exclude_seen=True, progress=True
):
    """Writes the recommendations of all users, in shards of users.

    Workers map the vectors from files beside `path`, which must be on a disk
    that all of them see. The rows are those of `write_recommendations`,
    whatever the shards.

    Args:
        recommender: `TrainedRecommender`.
        path: Path of a folder of Parquet files, one a shard, written whole
            or not at all.
        execution: `camgr_tf.ranking.execution.Execution`. Without
            `num_shards` a shard has 20,000 users.
        k: Integer. Items a user. Defaults to `20`.
        exclude_seen: Boolean. Whether training items are left out. Defaults
            to `True`.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.

    Returns:
        The path.

    Raises:
        ValueError: If `k` is below 1 or above the number of items.
        OSError: If the path is a file or lies in one, or is a folder with
            anything but part files.
    """
    check_k(k, recommender.num_items)
    _warn_of_unknown_users(recommender)
    source = list_source(recommender)
    write_list_parts(source, path, k, execution, exclude_seen, progress)
    return Path(path)


def list_source(recommender):
    """What a recommender's lists are made from.

    Args:
        recommender: `TrainedRecommender`.

    Returns:
        `ListSource`.
    """
    return ListSource(
        Vectors(
            recommender.user_vectors,
            recommender.item_vectors,
            recommender.popularity,
        ),
        recommender.seen,
        recommender.catalog.user_ids,
        recommender.catalog.item_ids,
    )


def _warn_of_unknown_users(recommender):
    unknown = recommender.seen.counts == 0
    if unknown.any():
        first = recommender.catalog.user_ids[unknown.argmax()]
        warn_of_popularity(
            f"{unknown.sum()} users without training items, the first is "
            f"{first!r}"
        )

"""The lists of all users as a folder of Parquet files, by many workers."""

import functools

from camgr_tf.ranking.block import users_at_a_time
from camgr_tf.ranking.list_file import part_path
from camgr_tf.ranking.list_file import write_list_part
from camgr_tf.ranking.list_source import save_source
from camgr_tf.ranking.part_files import compute_parts
from camgr_tf.ranking.part_files import progress_bar
from camgr_tf.ranking.shards import shard_bounds
from camgr_tf.staged_parts import staged_parts

# Users of a shard, where nobody says how many shards there are: few seconds,
# the most that is lost with a worker.
SHARD_USERS = 20_000


def write_list_parts(
    source, path, k, execution, exclude_seen=True, progress=True
):
    """Writes the lists of all users, a file for each shard.

    Workers map the vectors from files beside `path`, which must be on a disk
    that all of them see.

    Args:
        source: `ListSource`.
        path: Path of the folder, written whole or not at all.
        k: Integer. Items a user, at most their number.
        execution: `Execution`. Without `num_shards` a shard has 20,000
            users.
        exclude_seen: Boolean. Whether seen items are left out. Defaults to
            `True`.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.

    Raises:
        OSError: If the path is a file or lies in one, or is a folder with
            anything but part files; or if parts are missing at the end.
    """
    num_users, num_items = (
        vectors.shape[0]
        for vectors in (source.vectors.users, source.vectors.items)
    )
    bounds = shard_bounds(
        num_users,
        execution.num_shards or -(-num_users // SHARD_USERS),
        users_at_a_time(num_items),
    )
    shards = [(*ends, place) for place, ends in enumerate(bounds)]
    bar = progress_bar(num_users, "users", "recommend", progress)
    with bar, staged_parts(path) as folder:
        save_source(folder / "source", source)
        function = functools.partial(
            write_list_part, str(folder), k=k, exclude_seen=exclude_seen
        )
        paths = [part_path(folder, place) for place in range(len(shards))]
        compute_parts(function, shards, paths, execution, bar)

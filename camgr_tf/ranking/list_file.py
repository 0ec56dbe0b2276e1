"""The lists of a range of users as a Parquet file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from camgr_tf.ranking.block import rank_block
from camgr_tf.ranking.block import users_at_a_time
from camgr_tf.ranking.list_source import open_source
from camgr_tf.staged_parts import staged_part

SCHEMA = pa.schema(
    [
        ("user", pa.string()),
        ("item", pa.string()),
        ("score", pa.float32()),
        ("rank", pa.int32()),
    ]
)
# Users of a row group, about.
GROUP_USERS = 4096


def write_lists(
    source, start, stop, k, path, exclude_seen=True, group=None, report=None
):
    """Writes the lists of the users `start..stop - 1`, in blocks of users.

    Memory does not grow with the number of users.

    Args:
        source: `ListSource`.
        start: Integer. The first user.
        stop: Integer. The user after the last.
        k: Integer. Items a user, at most their number.
        path: Path of the Parquet file.
        exclude_seen: Boolean. Whether seen items are left out. Defaults to
            `True`.
        group: Integer. Users of a row group. Defaults to `None`: about 4096.
        report: Function of the number of users that are done since the last
            call. Defaults to `None`.
    """
    if group is None:
        size = users_at_a_time(source.vectors.items.shape[0])
        group = max(1, GROUP_USERS // size) * size
    item_ids = pa.array(source.item_ids, pa.string())
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for low in range(start, stop, group):
            high = min(low + group, stop)
            items, scores = rank_block(
                source.vectors, source.seen, low, high, k, exclude_seen
            )
            found = items.ravel() >= 0
            places = np.repeat(np.arange(high - low, dtype="int32"), k)
            ranks = np.tile(np.arange(1, k + 1, dtype="int32"), high - low)
            user_ids = pa.array(source.user_ids[low:high], pa.string())
            columns = [
                user_ids.take(pa.array(places[found])),
                item_ids.take(pa.array(items.ravel()[found])),
                scores.ravel()[found],
                ranks[found],
            ]
            writer.write_table(pa.table(columns, schema=SCHEMA))
            if report is not None:
                report(high - low)


def write_list_part(folder, start, stop, place, k, exclude_seen=True):
    """One worker's part of the lists: `parts/part-<place>.parquet`.

    It is there whole or not at all.

    Args:
        folder: Path of a folder that all workers see, with `source/`, what
            `save_source` wrote, and `parts/`.
        start: Integer. The first user.
        stop: Integer. The user after the last.
        place: Integer. The part's number.
        k: Integer. Items a user.
        exclude_seen: Boolean. Whether seen items are left out. Defaults to
            `True`.
    """
    path = part_path(folder, place)
    with staged_part(path) as staging, threadpool_limits(1):
        write_lists(
            open_source(Path(folder) / "source"),
            start,
            stop,
            k,
            staging,
            exclude_seen,
        )


def part_path(folder, place):
    """The file of one part.

    Args:
        folder: Path, as of `write_list_part`.
        place: Integer. The part's number.

    Returns:
        Path.
    """
    return Path(folder) / "parts" / f"part-{place:05}.parquet"

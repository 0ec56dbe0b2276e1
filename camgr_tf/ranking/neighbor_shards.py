"""Each item's most similar items, by many workers."""

import functools
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from camgr_tf.ranking.approximate_neighbors import import_faiss
from camgr_tf.ranking.approximate_neighbors import indexed_neighbors
from camgr_tf.ranking.approximate_neighbors import neighbor_index
from camgr_tf.ranking.approximate_neighbors import rows_at_a_time
from camgr_tf.ranking.neighbors import check_num_neighbors
from camgr_tf.ranking.neighbors import nearest_among
from camgr_tf.ranking.part_files import compute_parts
from camgr_tf.ranking.part_files import progress_bar
from camgr_tf.ranking.shards import shard_bounds
from camgr_tf.staged_parts import parts_folder
from camgr_tf.staged_parts import staged_part

# Items of a shard, where nobody says how many shards there are: of a million
# items of width 128 a minute or two, the most that is lost with a worker.
SHARD_ITEMS = 10_000


def sharded_neighbors(
    features,
    path,
    num_neighbors,
    execution,
    include_self=True,
    method="exact",
    progress=True,
):
    """The neighbors of all items, in shards of items.

    They are those of `nearest_neighbors` or `approximate_neighbors`, whatever
    the shards. Workers map features and index from files beside `path`, which
    must be on a disk that all of them see; in this process there are the
    result and, for `"approximate"`, the index.

    Args:
        features: Float array of shape `(num_items, width)`, perhaps mapped.
        path: Path of the file that the neighbors are for. It is not written.
        num_neighbors: Integer. Neighbors of an item.
        execution: `Execution`. Without `num_shards` a shard has 10,000
            items.
        include_self: Boolean. Whether the item itself counts as one of them.
            Defaults to `True`.
        method: String, `"exact"` or `"approximate"`. Defaults to `"exact"`.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.

    Returns:
        Tuple `(indices, similarities)` of shape `(num_items,
        num_neighbors)`, int32 and float32, best first.

    Raises:
        ImportError: If `method="approximate"` and faiss is not installed.
        ValueError: If `num_neighbors` is out of range.
        FileNotFoundError: If parts are missing at the end.
    """
    num_items, width = features.shape
    check_num_neighbors(num_neighbors, num_items, include_self)
    bounds = shard_bounds(
        num_items,
        execution.num_shards or -(-num_items // SHARD_ITEMS),
        rows_at_a_time(width, num_neighbors) if method == "approximate" else 1,
    )
    shards = [(*ends, place) for place, ends in enumerate(bounds)]
    indices = np.empty((num_items, num_neighbors), "int32")
    similarities = np.empty((num_items, num_neighbors), "float32")
    bar = progress_bar(num_items, "items", "neighbors", progress)
    with bar, parts_folder(path) as folder:
        np.save(folder / "features.npy", features)
        if method == "approximate":
            index, _ = neighbor_index(features, num_neighbors, include_self)
            import_faiss().write_index(index, str(folder / "cells.index"))
        function = functools.partial(
            write_neighbor_part,
            str(folder),
            num_neighbors=num_neighbors,
            include_self=include_self,
            # A worker has one processor, this process has all.
            num_threads=None if execution.executor == "local" else 1,
        )
        paths = [_part_path(folder, place) for place in range(len(shards))]
        compute_parts(function, shards, paths, execution, bar)
        for part in paths:
            with np.load(part) as found:
                rows = found["rows"]
                indices[rows] = found["indices"]
                similarities[rows] = found["similarities"]
    return indices, similarities


def write_neighbor_part(
    folder,
    start,
    stop,
    place,
    num_neighbors,
    include_self=True,
    num_threads=None,
):
    """One worker's part: `parts/part-<place>.npz`, there whole or not at all.

    Args:
        folder: Path of a folder that all workers see, with `features.npy`,
            `parts/` and, where neighbors are looked for in cells,
            `cells.index`.
        start: Integer. The first item; of the index's order, where there is
            one.
        stop: Integer. The item after the last.
        place: Integer. The part's number.
        num_neighbors: Integer. Neighbors of an item.
        include_self: Boolean. Whether the item itself counts as one of them.
            Defaults to `True`.
        num_threads: Integer. Of the products. Defaults to `None`: as many as
            the libraries take.
    """
    features = np.load(Path(folder) / "features.npy", mmap_mode="r")
    path = Path(folder) / "cells.index"
    index = None
    if path.exists():
        faiss = import_faiss()
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    with threadpool_limits(num_threads):
        if index is None:
            rows = np.arange(start, stop)
            found = nearest_among(
                features[start:stop],
                features,
                num_neighbors,
                left_out=None if include_self else rows,
            )
        else:
            blocks = indexed_neighbors(
                index, features, num_neighbors, include_self, start, stop
            )
            rows, *found = map(np.concatenate, zip(*blocks))
    with staged_part(_part_path(folder, place)) as staging:
        np.savez(staging, rows=rows, indices=found[0], similarities=found[1])


def _part_path(folder, place):
    return Path(folder) / "parts" / f"part-{place:05}.npz"

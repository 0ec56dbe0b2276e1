"""What lists are made from, in memory or mapped from files."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from camgr_tf.ranking.block import SeenItems
from camgr_tf.ranking.block import Vectors

_SPARSE_PARTS = ("data", "indices", "indptr", "shape")


class ListSource(NamedTuple):
    """Vectors, seen items and names.

    Args:
        vectors: `Vectors`.
        seen: `SeenItems`, or what has its `items` and `starts`.
        user_ids: Array of strings, NumPy's or Arrow's, of each user.
        item_ids: Array of strings, NumPy's or Arrow's, of each item.
    """

    vectors: Vectors
    seen: SeenItems
    user_ids: object
    item_ids: object


def save_source(folder, source):
    """Writes a source so that many processes can map it.

    Args:
        folder: Path of a new folder.
        source: `ListSource`.
    """
    folder = Path(folder)
    folder.mkdir()
    for name in ("users", "items"):
        _save_rows(folder, name, getattr(source.vectors, name))
    np.save(folder / "popularity.npy", source.vectors.popularity)
    np.save(folder / "seen_items.npy", source.seen.items)
    np.save(folder / "seen_starts.npy", source.seen.starts)
    for name in ("user_ids", "item_ids"):
        ids = pa.array(getattr(source, name), pa.string())
        table = pa.table({name: ids})
        with pa.ipc.new_file(folder / f"{name}.arrow", table.schema) as writer:
            writer.write_table(table)


def open_source(folder):
    """Maps a source that was written; nothing is read until it is used.

    Args:
        folder: Path, as of `save_source`.

    Returns:
        `ListSource`.
    """
    folder = Path(folder)
    return ListSource(
        Vectors(
            _open_rows(folder, "users"),
            _open_rows(folder, "items"),
            _map(folder / "popularity.npy"),
        ),
        SeenItems(
            _map(folder / "seen_items.npy"), _map(folder / "seen_starts.npy")
        ),
        _open_ids(folder, "user_ids"),
        _open_ids(folder, "item_ids"),
    )


def _save_rows(folder, name, rows):
    if isinstance(rows, np.ndarray):
        np.save(folder / f"{name}.npy", rows)
        return
    for part in _SPARSE_PARTS:
        np.save(folder / f"{name}-{part}.npy", getattr(rows, part))


def _open_rows(folder, name):
    if (folder / f"{name}.npy").exists():
        return _map(folder / f"{name}.npy")
    # Few models are sparse, and the import takes 20 MB.
    import scipy.sparse

    *parts, shape = (_map(folder / f"{name}-{p}.npy") for p in _SPARSE_PARTS)
    return scipy.sparse.csr_matrix(tuple(parts), tuple(shape), copy=False)


def _map(path):
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _open_ids(folder, name):
    with pa.memory_map(str(folder / f"{name}.arrow")) as file:
        return pa.ipc.open_file(file).read_all()[name]

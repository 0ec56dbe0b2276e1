"""Item neighbors that are kept before a model asks for them."""

import numpy as np

from camgr_tf.graphs.cache import read_neighbors
from camgr_tf.graphs.semantic import neighbors_path
from camgr_tf.ranking.neighbor_shards import sharded_neighbors
from camgr_tf.staged_file import staged_file


def write_neighbors(
    features,
    num_neighbors,
    cache_dir,
    execution,
    include_self=True,
    method="exact",
    progress=True,
):
    """Writes the file that `semantic_matrix` looks for, by many workers.

    Nothing is computed where it is there already.

    Args:
        features: Float array of shape `(num_items, width)`, perhaps mapped.
        num_neighbors: Integer. Neighbors of an item.
        cache_dir: Path of the files' folder, which all workers see.
        execution: `camgr_tf.ranking.execution.Execution`.
        include_self: Boolean. Whether the item itself counts as one of them.
            Defaults to `True`.
        method: String, `"exact"` or `"approximate"`, see `semantic_matrix`.
            Defaults to `"exact"`.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.

    Returns:
        Tuple of the file's path and whether it was there.

    Raises:
        ImportError: If `method="approximate"` and faiss is not installed.
        ValueError: If `num_neighbors` is out of range.
    """
    path = neighbors_path(
        cache_dir, features, num_neighbors, include_self, method
    )
    if read_neighbors(path, (len(features), num_neighbors)) is not None:
        return path, True
    indices, similarities = sharded_neighbors(
        features,
        path,
        num_neighbors,
        execution,
        include_self,
        method,
        progress,
    )
    with staged_file(path) as staging:
        np.savez(staging, indices=indices, similarities=similarities)
    return path, False

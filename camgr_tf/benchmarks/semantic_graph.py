"""How fast each item's most similar items are found."""

import time

import numpy as np

from camgr_tf.benchmarks.synthetic_features import clustered_features
from camgr_tf.ranking.approximate_neighbors import approximate_neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors

METHODS = ("exact", "approximate")


def measure_semantic_graph(
    num_items, width=128, num_neighbors=10, method="exact", num_rows=4096
):
    """Times the neighbors of items in clusters.

    Args:
        num_items: Integer.
        width: Integer. Defaults to `128`.
        num_neighbors: Integer. Defaults to `10`.
        method: String, `"exact"` or `"approximate"`. Defaults to `"exact"`.
        num_rows: Integer. Items whose exact neighbors are looked for, among
            all; the time of all is in proportion. `method="approximate"`
            always does all. Defaults to `4096`.

    Returns:
        Dictionary of plain values, one row of the table.
    """
    features = clustered_features(num_items, width)
    rng = np.random.default_rng(0)
    num_rows = min(num_rows, num_items)
    recall = 1.0
    started = time.perf_counter()
    if method == "exact":
        rows = np.sort(rng.choice(num_items, num_rows, replace=False))
        nearest_neighbors(features, num_neighbors, rows=rows)
    else:
        num_rows = num_items
        *_, recall = approximate_neighbors(features, num_neighbors)
    seconds = time.perf_counter() - started
    return {
        "method": method,
        "width": width,
        "num_neighbors": num_neighbors,
        "rows": num_rows,
        "rows_seconds": seconds,
        "items_per_second": num_rows / seconds,
        "graph_seconds": num_items * seconds / num_rows,
        "recall": recall,
    }

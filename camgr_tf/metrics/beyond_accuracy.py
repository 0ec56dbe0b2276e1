"""What a set of recommendation lists does to the catalogue.

All functions take `counts`, the number of lists in which each item stands, of
shape `(num_items,)`.
"""

import numpy as np


def item_coverage(counts):
    """Share of the catalogue that is recommended to anybody."""
    return float(np.mean(np.asarray(counts) > 0))


def gini(counts):
    """Inequality of the items' exposure.

    ```
    sum_i (2 i - n - 1) c_i / (n sum_i c_i)    with c sorted, i = 1..n
    ```

    Returns:
        Float: 0 if all items are shown equally often, near 1 if a few take
        all places.
    """
    counts = np.sort(np.asarray(counts, "float64"))
    n = len(counts)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float(weights @ counts / (n * counts.sum()))


def mean_popularity(counts, item_degrees):
    """Mean number of training interactions of a recommended item.

    Args:
        counts: Integer array of shape `(num_items,)`.
        item_degrees: Integer array of shape `(num_items,)`. Training
            interactions of each item.

    Returns:
        Float, in interactions.
    """
    counts = np.asarray(counts, "float64")
    return float(counts @ np.asarray(item_degrees) / counts.sum())

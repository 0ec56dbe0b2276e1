"""What a set of recommendation lists does to the catalogue.

All functions take `counts`, the number of lists in which each item stands, of
shape `(num_items,)`.
"""

import numpy as np


def item_coverage(counts):
    """Share of the catalogue that is recommended to anybody.

    Example:

    >>> item_coverage([3, 0, 1, 0])
    0.5
    """
    return float(np.mean(np.asarray(counts) > 0))


def gini(counts):
    """Inequality of the items' exposure.

    ```
    sum_i (2 i - n - 1) c_i / (n sum_i c_i)    with c sorted, i = 1..n
    ```

    Returns:
        Float: 0 if all items are shown equally often, near 1 if a few take
        all places.

    Example:

    >>> gini([3, 1])
    0.25
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

    Example:

    >>> mean_popularity([1, 3], item_degrees=[10, 2])
    4.0
    """
    counts = np.asarray(counts, "float64")
    return float(counts @ np.asarray(item_degrees) / counts.sum())

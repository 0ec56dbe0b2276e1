"""Accuracy of ranked lists, one value per user.

All functions take `hits`, boolean of shape `(num_users, k_max)`, whose
column `r` says whether the item at rank `r + 1` is held out, and
`num_relevant`, the users' numbers of held-out items, of shape
`(num_users,)`, at least one each. All return float64 of shape `(num_users,)`.
"""

import numpy as np


def recall(hits, num_relevant, k):
    """Share of a user's held-out items among the first `k`.

    Example:

    >>> hits = np.array([[True, False]])  # one of two items, at rank 1
    >>> recall(hits, num_relevant=np.array([2]), k=2)
    array([0.5])
    """
    return hits[:, :k].sum(axis=1) / num_relevant


def precision(hits, num_relevant, k):
    """Share of held-out items among the first `k` places.

    Example:

    >>> hits = np.array([[True, False]])  # one of two items, at rank 1
    >>> precision(hits, num_relevant=np.array([2]), k=2)
    array([0.5])
    """
    return hits[:, :k].sum(axis=1) / k


def ndcg(hits, num_relevant, k):
    """Discounted gain over that of the ideal list.

    ```
    sum_{r <= k} hit_r / log2(r + 1)  /  sum_{r <= min(k, T)} 1 / log2(r + 1)
    ```

    The ideal list holds all `T` held-out items, cut at `k`, not only those
    that were found.

    Example:

    >>> hits = np.array([[False, True]])  # the only item, at rank 2
    >>> ndcg(hits, num_relevant=np.array([1]), k=2).round(4)  # 1 / log2(3)
    array([0.6309])
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    gains = hits[:, :k] @ discounts[: hits.shape[1]]
    return gains / ideal[np.minimum(num_relevant, k)]


def average_precision(hits, num_relevant, k):
    """Mean precision at the ranks of the hits, over `min(k, T)`.

    Example:

    >>> hits = np.array([[True, False]])  # one of two items, at rank 1
    >>> average_precision(hits, num_relevant=np.array([2]), k=2)
    array([0.5])
    """
    hits = hits[:, :k]
    ranks = np.arange(1, hits.shape[1] + 1)
    precisions = np.cumsum(hits, axis=1) / ranks
    return (hits * precisions).sum(axis=1) / np.minimum(num_relevant, k)


METRICS = {
    "recall": recall,
    "ndcg": ndcg,
    "precision": precision,
    "map": average_precision,
}

"""The lists of a range of users, the same in whatever ranges they are cut."""

from typing import NamedTuple

import numpy as np

from camgr_tf.ranking.top_k import top_k

# Scores that exist at one time. Each takes up to 20 bytes (its float64 and
# its float32 value, its column in the partition), so that 8 million are 160
# MB.
BLOCK_ENTRIES = 8_000_000
# Numbers of the items' float64 vectors that are multiplied at one time.
TILE_NUMBERS = 4_000_000


class Vectors(NamedTuple):
    """What scores are computed from.

    Args:
        users: float32 array of shape `(num_users, dim)`, perhaps mapped into
            memory; or a SciPy CSR matrix.
        items: float32 array of shape `(num_items, dim)`, or likewise.
        popularity: Array of shape `(num_items,)`, the scores for users who
            have seen nothing.
    """

    users: object
    items: object
    popularity: np.ndarray


class SeenItems(NamedTuple):
    """The items of each user, as the rows of a CSR matrix.

    `camgr_tf.data.user_items.UserItems` has these two as well.

    Args:
        items: Integer array of items, user by user.
        starts: Integer array of shape `(num_users + 1,)`; user `u` has
            `items[starts[u] : starts[u + 1]]`.
    """

    items: np.ndarray
    starts: np.ndarray


def rank_block(vectors, seen, start, stop, k, exclude_seen=True):
    """The best items of the users `start..stop - 1`.

    Products are summed in float64 and compared in float32; of equal scores
    the smaller item comes first. They are computed in blocks of users that
    begin at the same users whatever the range, so that a user's list does
    not depend on it to the last digit.

    Args:
        vectors: `Vectors`.
        seen: `SeenItems`.
        start: Integer. The first user.
        stop: Integer. The user after the last.
        k: Integer, at most the number of items.
        exclude_seen: Boolean. Whether a user's seen items are left out.
            Defaults to `True`.

    Returns:
        Tuple of an int32 array of items and a float32 array of scores, both
        of shape `(stop - start, k)`, best first. Where a user has fewer
        unseen items the last are -1, their scores minus infinity.
    """
    best = np.empty((stop - start, k), "int32")
    best_scores = np.empty((stop - start, k), "float32")
    size = users_at_a_time(vectors.items.shape[0])
    for first in range(start - start % size, stop, size):
        low, high = max(first, start), min(first + size, stop)
        scores = _scores(vectors.users[first : first + size], vectors.items)
        scores = scores[low - first : high - first]
        bounds = np.asarray(seen.starts[low : high + 1])
        counts = np.diff(bounds)
        scores[counts == 0] = vectors.popularity
        if exclude_seen:
            rows = np.repeat(np.arange(high - low), counts)
            scores[rows, seen.items[bounds[0] : bounds[-1]]] = -np.inf
        items = top_k(scores, k)
        values = np.take_along_axis(scores, items, axis=1)
        rows = slice(low - start, high - start)
        best[rows] = np.where(values > -np.inf, items, -1)
        best_scores[rows] = values
    return best, best_scores


def users_at_a_time(num_items):
    """Users whose scores exist at one time.

    Args:
        num_items: Integer.

    Returns:
        Integer.
    """
    return max(1, BLOCK_ENTRIES // num_items)


def _scores(users, items):
    """float32 products of some users with all items."""
    users = users.astype("float64")
    if not isinstance(items, np.ndarray):  # sparse
        return (users @ items.T).toarray().astype("float32")
    num_items, dim = items.shape
    scores = np.empty((len(users), num_items), "float32")
    size = max(1, TILE_NUMBERS // dim)
    for first in range(0, num_items, size):
        tile = items[first : first + size].astype("float64")
        scores[:, first : first + size] = users @ tile.T
    return scores

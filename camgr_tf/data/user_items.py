import numpy as np

from camgr_tf.distinct import distinct


class UserItems:
    """The items of each user, as rows of one array.

    Args:
        pairs: Integer array of shape `(num_pairs, 2)` of users and items, in
            any order. A repeated pair counts once.
        num_users: Integer.
        num_items: Integer.

    Attributes:
        items: int32 array of item ids, user by user, each user's sorted.
        starts: int64 array of shape `(num_users + 1,)`; user `u` has
            `items[starts[u] : starts[u + 1]]`.
        counts: int64 array of shape `(num_users,)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.data.user_items import UserItems

    bought = UserItems(np.array([(0, 3), (0, 1), (2, 3)]), 3, 4)
    assert bought.of(0).tolist() == [1, 3]
    assert bought.counts.tolist() == [2, 0, 1]
    ```
    """

    def __init__(self, pairs, num_users, num_items):
        self.num_items = num_items
        pairs = np.asarray(pairs, "int64").reshape(-1, 2)
        keys = distinct(pairs[:, 0] * num_items + pairs[:, 1])
        self.items = (keys % num_items).astype("int32")
        bounds = np.arange(num_users + 1) * num_items
        self.starts = np.searchsorted(keys, bounds)
        self.counts = np.diff(self.starts)

    def of(self, user):
        """Sorted item ids of one user."""
        return self.items[self.starts[user] : self.starts[user + 1]]

    def pairs(self, users):
        """All items of some users.

        Args:
            users: Integer array.

        Returns:
            Tuple of integer arrays, the place in `users` and the item of
            each pair.
        """
        counts = self.counts[users]
        rows = np.repeat(np.arange(len(counts)), counts)
        first = np.cumsum(counts) - counts
        offsets = np.arange(counts.sum()) - np.repeat(first, counts)
        return rows, self.items[np.repeat(self.starts[users], counts) + offsets]

    def contains(self, users, items):
        """Which entries of lists are items of their users.

        Args:
            users: Integer array of shape `(num_rows,)`.
            items: Integer array of shape `(num_rows, k)`; one outside
                `0..num_items - 1` is nobody's.

        Returns:
            bool array of the shape of `items`.
        """
        items = np.asarray(items)
        result = np.zeros(items.shape, bool)
        # Users have few items: each is looked for in its user's list.
        rows, own = self.pairs(users)
        found, places = np.nonzero(items[rows] == own[:, None])
        result[rows[found], places] = True
        return result

    def mask(self, scores, users, columns):
        """Sets the scores of the users' items to minus infinity, in place.

        Args:
            scores: Float array of shape `(len(users), len(columns))`.
            users: Integer array.
            columns: Sorted integer array, the items that `scores` are of.
        """
        if not len(columns):
            return
        rows, items = self.pairs(users)
        places = np.searchsorted(columns, items)
        places = np.minimum(places, len(columns) - 1)
        inside = columns[places] == items
        scores[rows[inside], places[inside]] = -np.inf

import numpy as np


class SeenItems:
    """The training items of each user.

    Args:
        interactions: `camgr_tf.data.Interactions`.

    Attributes:
        items: int32 array of item ids, user by user.
        starts: Integer array of shape `(num_users + 1,)`; user `u` has
            `items[starts[u] : starts[u + 1]]`.
        counts: Integer array of shape `(num_users,)`.
    """

    def __init__(self, interactions):
        train = interactions.train
        self.items = train[:, 1]
        self.starts = np.searchsorted(
            train[:, 0], np.arange(interactions.num_users + 1)
        )
        self.counts = np.diff(self.starts)

    def of(self, user):
        """Sorted item ids of one user."""
        return self.items[self.starts[user] : self.starts[user + 1]]

    def mask(self, scores, users, columns):
        """Sets the scores of seen items to minus infinity, in place.

        Args:
            scores: Float array of shape `(len(users), len(columns))`.
            users: Integer array.
            columns: Sorted integer array, the items that `scores` are of.
        """
        for row, user in enumerate(users):
            seen = self.of(user)
            places = np.searchsorted(columns, seen)
            places = np.minimum(places, len(columns) - 1)
            scores[row, places[columns[places] == seen]] = -np.inf

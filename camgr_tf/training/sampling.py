import keras
import numpy as np

# Places of the table of marks for each pair: with 32, one in 32 of the items
# that a user has not bought shares its place with some pair.
MARKS_PER_PAIR = 32
# Rows that are drawn, marked or looked up at one time, so that temporaries
# of an epoch of many millions stay small. The draws are the same.
PIECE = 1 << 20
# After so many rounds of drawing again, the rest is drawn from what the users
# have not bought. A user of half of the items comes there once in 4e9 draws.
MAX_ROUNDS = 32


class NegativeSampler:
    """Draws items that a user has not bought in training.

    Uniform over the items that occur in training and are no training items
    of the user: drawn again until that is so and, for a user who has nearly
    all of them, from those that are left. Held-out items are legal negatives.

    Args:
        interactions: `camgr_tf.data.Interactions`.

    Raises:
        ValueError: If a user has bought every item that occurs in training,
            so that no negative exists for it.
    """

    def __init__(self, interactions):
        users, items = interactions.train.T
        self.num_items = interactions.num_items
        occurs = np.zeros(self.num_items, bool)
        occurs[items] = True
        self.candidates = np.flatnonzero(occurs)
        # Sorted and each once, since the training rows are.
        self.positive_keys = np.multiply(users, self.num_items, dtype="int64")
        self.positive_keys += items
        # Odd, so that the number of items, often even, shares no factor 2.
        self._num_marks = MARKS_PER_PAIR * len(self.positive_keys) + 1
        self._marks = np.zeros(self._num_marks // 8 + 1, "uint8")  # bits
        for start in range(0, len(self.positive_keys), PIECE):
            keys = self.positive_keys[start : start + PIECE]
            np.bitwise_or.at(self._marks, *self._bits(keys))
        degrees = np.bincount(users)
        if degrees.max() >= len(self.candidates):
            raise ValueError(
                f"User {degrees.argmax()} has bought all "
                f"{len(self.candidates)} items that occur in training, so "
                "that no negative item exists for it. Remove the user."
            )

    def sample(self, user_ids, rng):
        """One negative item for each given user.

        Args:
            user_ids: Integer array of shape `(rows,)`.
            rng: `numpy.random.Generator`.

        Returns:
            int32 array of shape `(rows,)`.
        """
        user_ids = np.asarray(user_ids)
        negatives = np.empty(len(user_ids), "int32")
        for start in range(0, len(negatives), PIECE):
            part = negatives[start : start + PIECE]
            part[:] = rng.choice(self.candidates, size=len(part))
        rows = np.arange(0)
        for round_ in range(MAX_ROUNDS):
            if round_:
                rows = rows[self._bought(user_ids[rows], negatives[rows])]
            else:
                rows = self._bought(user_ids, negatives)
            negatives[rows] = rng.choice(self.candidates, size=len(rows))
            if not len(rows):
                break
        users, places = np.unique(user_ids[rows], return_inverse=True)
        by_user = np.split(
            rows[np.argsort(places, kind="stable")],
            np.cumsum(np.bincount(places))[:-1],
        )
        for user, own_rows in zip(users, by_user):
            negatives[own_rows] = rng.choice(
                self._unbought(user), size=len(own_rows)
            )
        return negatives

    def _bought(self, user_ids, item_ids):
        """The places of pairs that are training pairs, in order."""
        found = [np.empty(0, int)]
        for start in range(0, len(user_ids), PIECE):
            part = slice(start, start + PIECE)
            keys = np.multiply(user_ids[part], self.num_items, dtype="int64")
            places = self._is_positive(keys + item_ids[part])
            found.append(start + np.flatnonzero(places))
        return np.concatenate(found)

    def _bits(self, keys):
        """The byte of each key's mark, and the mark in it."""
        places = keys % self._num_marks
        return places >> 3, np.left_shift(1, places & 7).astype("uint8")

    def _unbought(self, user):
        bounds = np.array([user, user + 1]) * self.num_items
        start, end = np.searchsorted(self.positive_keys, bounds)
        bought = self.positive_keys[start:end] - bounds[0]
        return np.setdiff1d(self.candidates, bought, assume_unique=True)

    def _is_positive(self, keys):
        # A look at the marks is several times as fast as the search, which
        # only those have to pass whose place is marked.
        places, masks = self._bits(keys)
        result = (self._marks[places] & masks) != 0
        marked = np.flatnonzero(result)
        places = np.searchsorted(self.positive_keys, keys[marked])
        places = np.minimum(places, len(self.positive_keys) - 1)
        result[marked] = self.positive_keys[places] == keys[marked]
        return result


class TrainingBatches(keras.utils.PyDataset):
    """The training rows in a fresh order each epoch, with fresh negatives.

    Order and negatives depend on `seed` and the epoch alone, so that a
    resumed training sees what an uninterrupted one sees.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        batch_size: Integer. The last, short batch is kept. Defaults to
            `2048`.
        seed: Integer. Defaults to `0`.
        epoch: Integer. The epoch that the first pass stands for. Defaults to
            `0`.
        steps_per_call: Integer. Batches that one item of the sequence holds,
            one behind the other. Defaults to `1`.

    Raises:
        ValueError: If `batch_size` is not positive.
    """

    def __init__(
        self,
        interactions,
        batch_size=2048,
        seed=0,
        epoch=0,
        steps_per_call=1,
    ):
        super().__init__()
        if batch_size < 1:
            raise ValueError(
                "`batch_size` must be positive. "
                f"Received: batch_size={batch_size}"
            )
        self.rows = interactions.train
        self._users, self._items = map(np.ascontiguousarray, self.rows.T)
        self.sampler = NegativeSampler(interactions)
        self.batch_size = batch_size
        self.rows_per_call = batch_size * steps_per_call
        self.seed = seed
        self.epoch = epoch
        self._draw()

    def __len__(self):
        return -(-len(self.rows) // self.rows_per_call)

    def __getitem__(self, index):
        size = self.rows_per_call
        rows = slice(index * size, (index + 1) * size)
        return {
            "user_ids": self.user_ids[rows],
            "positive_item_ids": self.positive_item_ids[rows],
            "negative_item_ids": self.negative_item_ids[rows],
        }

    def on_epoch_end(self):
        self.epoch += 1
        self._draw()

    def _draw(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(len(self.rows))
        self.user_ids = self._users[order]
        self.positive_item_ids = self._items[order]
        self.negative_item_ids = self.sampler.sample(self.user_ids, rng)

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from camgr_tf.data.user_items import UserItems
from camgr_tf.metrics.beyond_accuracy import gini
from camgr_tf.metrics.beyond_accuracy import item_coverage
from camgr_tf.metrics.beyond_accuracy import mean_popularity
from camgr_tf.metrics.ranking import METRICS
from camgr_tf.ops.embedding_rows import all_finite
from camgr_tf.ops.embedding_rows import dense_product
from camgr_tf.ops.embedding_rows import float_rows
from camgr_tf.ops.embedding_rows import transposed
from camgr_tf.ranking.top_k import top_k
from camgr_tf.training.device_ranking import DeviceRanking
from camgr_tf.training.device_ranking import lives_on_gpu

CUTOFFS = (5, 10, 20, 50)


class Evaluator:
    """Full ranking of all items for every user with held-out items.

    A user's training items are masked: they are in no list, which is shorter
    where a user has fewer unseen items than it has places. Validation items
    stay candidates in testing, as in MMRec, unless `mask_validation` is set.
    Users are streamed in blocks; no matrix of all users by all items exists.
    Embeddings in the memory of a GPU are ranked there, others by NumPy.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        part: String, `"validation"` or `"test"`.
        mask_validation: Boolean. Whether validation items are masked too;
            allowed for `"test"` only. Defaults to `False`.
        cutoffs: Tuple of integers, the `K` of the metrics. Defaults to `(5,
            10, 20, 50)`.
        block_size: Integer. Users ranked at one time. Defaults to `256`.

    Attributes:
        user_ids: int array of the users that are evaluated.

    Raises:
        ValueError: For an unknown part, a part without rows, or validation
            items masked during validation.
    """

    def __init__(
        self,
        interactions,
        part,
        mask_validation=False,
        cutoffs=CUTOFFS,
        block_size=256,
    ):
        if part not in ("validation", "test"):
            raise ValueError(
                "`part` must be 'validation' or 'test'. "
                f"Received: part={part!r}"
            )
        if mask_validation and part != "test":
            raise ValueError(
                "`mask_validation` needs part='test': the items that are "
                f"looked for would be masked. Received: part={part!r}"
            )
        held_out = getattr(interactions, part)
        if not len(held_out):
            raise ValueError(f"The {part} part of the data has no rows.")
        self.part = part
        self.mask_validation = mask_validation
        self.num_items = interactions.num_items
        self.cutoffs = tuple(sorted(cutoffs))
        self.block_size = block_size
        masked = [interactions.train]
        if mask_validation:
            masked.append(interactions.validation)
        size = interactions.num_users, interactions.num_items
        self._masked = UserItems(np.concatenate(masked), *size)
        self._relevant = UserItems(held_out, *size)
        self._device_ranking = None
        self.user_ids = np.unique(held_out[:, 0])
        self.num_relevant = self._relevant.counts[self.user_ids]
        self.item_degrees = np.bincount(
            interactions.train[:, 1], minlength=self.num_items
        )

    def rank(self, user_embeddings, item_embeddings):
        """The top items of all evaluated users, best first.

        Args:
            user_embeddings: Float array or tensor of shape `(num_users,
                dim)`, or a SciPy sparse matrix if the items are one too.
            item_embeddings: Float array or tensor of shape `(num_items,
                dim)`, or a SciPy sparse matrix.

        Returns:
            int32 array of shape `(len(user_ids), max(cutoffs))`; -1 fills
            the lists of users with fewer unseen items.

        Raises:
            ValueError: If an embedding is not finite.
        """
        if lives_on_gpu(user_embeddings, item_embeddings):
            return self._rank_on_device(user_embeddings, item_embeddings)
        user_embeddings = float_rows(user_embeddings)
        item_embeddings = float_rows(item_embeddings)
        _check_finite(user_embeddings, item_embeddings)
        k = self._list_length()
        items = transposed(item_embeddings)

        def rank_block(start):
            users = self.user_ids[start : start + self.block_size]
            scores = dense_product(user_embeddings[users], items)
            rows, columns = self._masked.pairs(users)
            scores[rows, columns] = -np.inf
            best = top_k(scores, k)
            return np.where(self._masked.contains(users, best), -1, best)

        starts = range(0, len(self.user_ids), self.block_size)
        # NumPy's partition and product release the interpreter lock.
        with ThreadPoolExecutor(_num_threads()) as pool:
            return np.concatenate(list(pool.map(rank_block, starts)))

    def _list_length(self):
        return min(self.cutoffs[-1], self.num_items)

    def _rank_on_device(self, user_embeddings, item_embeddings):
        _check_finite(user_embeddings, item_embeddings)
        if self._device_ranking is None:
            self._device_ranking = DeviceRanking(
                self._masked,
                self.user_ids,
                self.num_items,
                self._list_length(),
            )
        return self._device_ranking(user_embeddings, item_embeddings)

    def per_user(self, ranking):
        """Every metric of every evaluated user.

        Args:
            ranking: Integer array of shape `(len(user_ids), k_max)`; -1 is
                no item.

        Returns:
            Dictionary such as `{"recall@20": array}`; arrays of shape
            `(len(user_ids),)`, float64, in the order of `user_ids`.
        """
        hits = self._relevant.contains(self.user_ids, ranking)
        return {
            f"{name}@{k}": metric(hits, self.num_relevant, k)
            for name, metric in METRICS.items()
            for k in self.cutoffs
        }

    def summarize(self, ranking):
        """Means over users, and what the lists do to the catalogue.

        Args:
            ranking: Integer array of shape `(len(user_ids), k_max)`; -1 is
                no item.

        Returns:
            Dictionary from a metric's name to a float; next to the accuracy
            `item_coverage@K`, `gini@K` and `mean_popularity@K`.
        """
        results = {
            name: float(values.mean())
            for name, values in self.per_user(ranking).items()
        }
        counts = np.zeros(self.num_items, "int64")
        for start, k in zip((0, *self.cutoffs), self.cutoffs):
            # -1, no item, is counted at 0 and left out.
            shown = ranking[:, start:k].ravel() + 1
            counts += np.bincount(shown, minlength=self.num_items + 1)[1:]
            results[f"item_coverage@{k}"] = item_coverage(counts)
            results[f"gini@{k}"] = gini(counts)
            results[f"mean_popularity@{k}"] = mean_popularity(
                counts, self.item_degrees
            )
        return results

    def evaluate(self, user_embeddings, item_embeddings):
        """`summarize` of `rank`."""
        return self.summarize(self.rank(user_embeddings, item_embeddings))


def _check_finite(user_embeddings, item_embeddings):
    for name, values in (
        ("user_embeddings", user_embeddings),
        ("item_embeddings", item_embeddings),
    ):
        if not all_finite(values):
            raise ValueError(
                f"`{name}` has entries that are not finite: the training "
                "has diverged. A smaller learning rate may help."
            )


def _num_threads():
    cores = len(os.sched_getaffinity(0))
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) else cores

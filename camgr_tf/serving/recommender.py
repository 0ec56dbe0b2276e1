import copy

import numpy as np
import scipy.sparse

from camgr_tf.data.user_items import UserItems
from camgr_tf.models.fold_in import Baskets
from camgr_tf.models.fold_in import ItemNeighbors
from camgr_tf.ops.embedding_rows import all_finite
from camgr_tf.ops.embedding_rows import dense_product
from camgr_tf.ops.embedding_rows import float_rows
from camgr_tf.ranking.top_k import top_k
from camgr_tf.serving.catalog import Catalog
from camgr_tf.serving.explanation import Explainer
from camgr_tf.serving.lists import check_k
from camgr_tf.serving.lists import cosines
from camgr_tf.serving.lists import result_table
from camgr_tf.serving.lists import warn_of_popularity
from camgr_tf.training.saved_runs import load_run

# Scores that exist at one time (float32): 16 million are 64 MB.
BLOCK_ENTRIES = 16_000_000


def load(run_folder, data_root=None):
    """Loads a finished run for use.

    Nothing in the folder is executed: it holds plain JSON, CSV and arrays.

    Args:
        run_folder: Path of `outputs/<run_id>`.
        data_root: Path of the folder of the data, if it is not where the run
            found it. Defaults to `None`.

    Returns:
        `TrainedRecommender`.

    Raises:
        FileNotFoundError: If the folder is no finished run.
        ValueError: If a file is cut short, of another version or of another
            run, the data are not those of the run, or the weights do not fit
            the configuration.
    """
    return TrainedRecommender(load_run(run_folder, data_root=data_root))


class TrainedRecommender:
    """Lists of recommended and of similar items from a trained model.

    Users and items are named by their original ids, as strings. The score of
    a user and an item is the product of their final vectors (eq. 28).

    Of equal scores the smaller item comes first, as in the order of the data,
    so that a list of 5 is the head of a list of 15. Products are summed in
    float64 and compared in float32: equal vectors have equal scores, whatever
    they are multiplied along with.

    Three things are not in the trained vectors: items without users in
    training have those of the model's `embed_items`, new users those of its
    `embed_users`, and a user without training items gets the most popular
    items, with a warning; their scores are the numbers of users in training.

    Args:
        run: `camgr_tf.training.runs.Run`.

    Attributes:
        run: The run.
        catalog: `Catalog` of the users' and items' names.
        seen: `camgr_tf.data.user_items.UserItems`, the training items.
        user_vectors: float32 array of shape `(num_users, dim)`; a SciPy CSR
            matrix for models of neighborhoods.
        item_vectors: float32 array of shape `(num_items, dim)`, or likewise.
        weights: Dictionary from a modality to how much it counts in
            `item_vectors`, see `weighted`; empty where all are as trained.
        features: Dictionary from a modality to `(num_items, width)`.
        popularity: Array of shape `(num_items,)`, the users of each item in
            training.

    Raises:
        ValueError: If a vector is not finite.
    """

    def __init__(self, run):
        dataset = run.dataset
        interactions = dataset.interactions
        self.run = run
        self.model = run.model
        self.catalog = Catalog(dataset)
        self.features = dict(dataset.features)
        self.has_modality = dict(dataset.has_modality)
        self.seen = UserItems(
            interactions.train, interactions.num_users, interactions.num_items
        )
        self.popularity = np.bincount(
            self.seen.items, minlength=interactions.num_items
        )
        users, items = (float_rows(v).copy() for v in run.model.embed())
        self.user_vectors, self.item_vectors = users, items
        cold = self.popularity == 0
        # Sparse vectors are of neighbors, which content gives to any item or
        # users to none without them.
        if cold.any() and not scipy.sparse.issparse(items):
            features = {m: f[cold] for m, f in self.features.items()}
            items[cold] = self.vectors_of_features(features, int(cold.sum()))
        for name, vectors in (("user", users), ("item", items)):
            if not all_finite(vectors):
                raise ValueError(
                    f"The {name} vectors of {run.folder} are not finite."
                )
        self.weights = {}
        self.plain_item_vectors = items
        self._memory = {}
        self._explainer = None
        self._wide = None, None

    @property
    def num_users(self):
        return self.user_vectors.shape[0]

    @property
    def num_items(self):
        return self.item_vectors.shape[0]

    def recommend(
        self, users, k=20, exclude_seen=True, candidates=None, where=None
    ):
        """The best items of some users.

        Args:
            users: Original user id, or a list of them.
            k: Integer. Items a user. Defaults to `20`.
            exclude_seen: Boolean. Whether a user's training items are left
                out. Held-out items stay in. Defaults to `True`.
            candidates: List of original item ids to choose from. Defaults to
                `None`: all items.
            where: Dictionary from a column of the items' table to the value
                wanted, a list of values, or a tuple `(lowest, highest)` of
                numbers or `None`, such as `{"price": (None, 50)}`. Defaults
                to `None`: all items.

        Returns:
            DataFrame with `user`, `item`, `score`, `rank` (from 1) and, where
            the data have them, `title`; a user's rows in order of rank. A
            user with fewer than `k` unseen candidates gets fewer rows.

        Raises:
            ValueError: If a user, an item or a column is not known.
            ValueError: If `k` is below 1 or above the number of candidates.
        """
        users = self.catalog.users([users] if np.isscalar(users) else users)
        columns, k = self._candidates(candidates, where, k)
        items, scores = self.rank(users, k, exclude_seen, columns)
        return result_table(
            self.catalog, items, scores, users=self.catalog.user_ids[users]
        )

    def recommend_for_items(
        self, items, k=20, exclude_seen=True, candidates=None, where=None
    ):
        """The best items of a new user who is known by some items alone.

        Args:
            items: List of original item ids. With an empty list the most
                popular items are returned, with a warning.
            k: Integer. Defaults to `20`.
            exclude_seen: Boolean. Whether `items` are left out. Defaults to
                `True`.
            candidates: List of original item ids to choose from. Defaults to
                `None`: all items.
            where: Dictionary as of `recommend`. Defaults to `None`.

        Returns:
            DataFrame as of `recommend`, without `user`.

        Raises:
            ValueError: If an item or a column is not known.
            ValueError: If `k` is below 1 or above the number of candidates.
        """
        items = self.catalog.items(items)
        columns, k = self._candidates(candidates, where, k)
        if len(items):
            vector = self.vector_of_items(items)
            scores = self._scores(vector[None], columns)
        else:
            warn_of_popularity("The list of items is empty")
            scores = self.popularity[columns].astype("float32")[None]
        if exclude_seen:
            scores[:, np.isin(columns, items)] = -np.inf
        return result_table(self.catalog, *_best(scores, columns, k))

    def similar_items(self, item, k=20, by="final"):
        """The items most similar to one, by cosine.

        Args:
            item: Original item id.
            k: Integer. Defaults to `20`.
            by: String. `"final"` compares the final vectors, a modality's
                name the features. Defaults to `"final"`.

        Returns:
            DataFrame as of `recommend`, without `user`; `item` itself and
            items without the modality are not in it.

        Raises:
            ValueError: If the item is not known.
            ValueError: If `k` or `by` is not possible, or the item has no
                such content.
        """
        place = self.catalog.items([item])[0]
        if by != "final" and by not in self.features:
            raise ValueError(
                f"`by` must be 'final' or one of {sorted(self.features)}. "
                f"Received: by={by!r}"
            )
        allowed = np.ones(self.num_items, bool)
        vectors = self.item_vectors
        if by != "final":
            vectors, allowed = self.features[by], self.has_modality[by].copy()
            if not allowed[place]:
                raise ValueError(f"Item {item!r} has no {by}.")
        allowed[place] = False
        columns = np.flatnonzero(allowed)
        check_k(k, len(columns))
        scores = cosines(vectors[place], vectors[columns])[None]
        return result_table(self.catalog, *_best(scores, columns, k))

    def rank(self, users, k, exclude_seen=True, columns=None):
        """`recommend` by places, in blocks of users.

        Args:
            users: Integer array of shape `(num_rows,)`.
            k: Integer, at most the number of candidates.
            exclude_seen: Boolean. Defaults to `True`.
            columns: Sorted integer array of candidates. Defaults to `None`:
                all items.

        Returns:
            Tuple of an int32 array of items and a float32 array of scores,
            both of shape `(num_rows, k)`. Where a user has fewer unseen
            candidates the last items are -1, their scores minus infinity.
        """
        if columns is None:
            columns = np.arange(self.num_items)
        counts = self.seen.counts[users]
        if (counts == 0).any():
            first = self.catalog.user_ids[users[np.argmin(counts)]]
            warn_of_popularity(
                f"{(counts == 0).sum()} users without training items, the "
                f"first is {first!r}"
            )
        size = max(1, BLOCK_ENTRIES // max(1, len(columns)))
        items = np.empty((len(users), k), "int32")
        scores = np.empty((len(users), k), "float32")
        for start in range(0, len(users), size):
            rows = slice(start, start + size)
            block = self._scores(self.user_vectors[users[rows]], columns)
            block[counts[rows] == 0] = self.popularity[columns]
            if exclude_seen:
                self.seen.mask(block, users[rows], columns)
            items[rows], scores[rows] = _best(block, columns, k)
        return items, scores

    def explain(self, user, item, num_nearest=3):
        """Why an item is in a user's list, in numbers and in a sentence.

        Args:
            user: Original user id.
            item: Original item id.
            num_nearest: Integer. Rows of each table of nearest items.
                Defaults to `3`.

        Returns:
            `camgr_tf.serving.explanation.Explanation`; its `score` is that
            of the list, also of a `weighted` recommender.

        Raises:
            ValueError: If an id is not known, or the user has no training
                items and is recommended what is popular.
        """
        return self._own_explainer().explain(
            user, item, num_nearest, self.weights
        )

    def explain_for_items(self, items, item, num_nearest=3):
        """`explain` for a new user who is known by some items alone.

        Args:
            items: List of original item ids, not empty.
            item: Original item id.
            num_nearest: Integer. Defaults to `3`.

        Returns:
            `camgr_tf.serving.explanation.Explanation`.

        Raises:
            ValueError: If an id is not known, or `items` is empty.
        """
        return self._own_explainer().explain_for_items(
            items, item, num_nearest, self.weights
        )

    def weighted(self, weights):
        """This recommender with more or less of some modalities.

        Its lists and its explanations are by the same vectors, those of
        `Explainer.weighted_item_vectors`.

        Args:
            weights: Dictionary from a modality to a float; one that is not
                in it has the weight one, as trained.

        Returns:
            A new `TrainedRecommender`.

        Raises:
            ValueError: If a modality is not the model's.
        """
        vectors = self._own_explainer().weighted_item_vectors(weights)
        result = self.with_item_vectors(vectors)
        result.weights = dict(weights)
        return result

    def _own_explainer(self):
        if self._explainer is None:
            self._explainer = Explainer(self)
        return self._explainer

    def _scores(self, vectors, columns):
        """float32 scores of some items for vectors `(num_rows, dim)`."""
        if scipy.sparse.issparse(self.item_vectors):
            items = self.item_vectors[columns]
            product = scipy.sparse.csr_matrix(vectors, dtype="float64")
            return dense_product(product, items.T).astype("float32")
        if self._wide[0] is not self.item_vectors:
            self._wide = self.item_vectors, self.item_vectors.astype("float64")
        items = self._wide[1]
        if len(columns) < self.num_items:
            items = items[columns]
        return (vectors.astype("float64") @ items.T).astype("float32")

    def vector_of_items(self, items):
        """The final vector of a new user, by the model's `embed_users`.

        Args:
            items: Integer array of item places, at least one.

        Returns:
            float32 array of shape `(dim,)`.
        """
        known = items[items < self.model.num_items]
        degrees = self.popularity[: self.model.num_items]
        if not len(known):
            return self.item_vectors[items].mean(axis=0)
        baskets = Baskets([known], degrees, self._memory)
        vectors = float_rows(self.model.embed_users(baskets))
        if scipy.sparse.issparse(vectors):
            vectors = vectors.toarray()
        return vectors[0]

    def with_item_vectors(self, item_vectors):
        """This recommender with other vectors of the items.

        Args:
            item_vectors: float32 array of shape `(num_items, dim)`.

        Returns:
            A new `TrainedRecommender`.
        """
        result = copy.copy(self)
        result.item_vectors = item_vectors
        return result

    def vectors_of_features(self, features, num_new):
        """Vectors of items without users, by the model's `embed_items`.

        Args:
            features: Dictionary from each modality to `(num_new, width)`.
            num_new: Integer.

        Returns:
            float32 array of shape `(num_new, dim)`.
        """
        if not features:
            dim = self.item_vectors.shape[1]
            return np.zeros((num_new, dim), "float32")
        warm = self.popularity[: self.model.num_items] > 0
        neighbors = ItemNeighbors(self.run.dataset.features, warm)
        vectors = self.model.embed_items(features, neighbors)
        return np.asarray(vectors, "float32")

    def _candidates(self, candidates, where, k):
        """Places of the items to choose from, and how many there can be."""
        columns = np.arange(self.num_items)
        if candidates is not None:
            columns = np.unique(self.catalog.items(candidates))
        check_k(k, len(columns))
        if where is not None:
            columns = columns[self.catalog.matches(where)[columns]]
        return columns, min(k, len(columns))


def _best(scores, columns, k):
    """Items and scores of the best `k` columns; -1 where one is left out."""
    places = top_k(scores, k)
    best = np.take_along_axis(scores, places, axis=1)
    return np.where(best > -np.inf, columns[places], -1), best

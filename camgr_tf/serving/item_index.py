"""Approximate search among item vectors, by faiss (extra `index`)."""

from pathlib import Path

import numpy as np

from camgr_tf.serving.lists import check_k
from camgr_tf.serving.lists import result_table
from camgr_tf.staged_file import staged_file


class ItemIndex:
    """A graph of items (HNSW) that finds the largest products with a vector.

    What it finds is ordered as `TrainedRecommender` orders it, equal scores
    by the smaller item. Where the last place of a list is one of several
    equal scores, it looks further until it has seen all of them.

    Args:
        index: `faiss.Index` over the item vectors in the order of items. Made
            by `build_index` or `load_index`.
        item_vectors: float32 array of shape `(num_items, dim)`, the same.
    """

    def __init__(self, index, item_vectors):
        self.index = index
        self.item_vectors = item_vectors

    def search(self, vectors, k, seen=None):
        """The items whose vectors have the largest products.

        Args:
            vectors: float32 array of shape `(num_rows, dim)`.
            k: Integer.
            seen: List of `num_rows` arrays of items to leave out. Defaults to
                `None`: none.

        Returns:
            Tuple of an int64 array of items and a float32 array of products,
            both `(num_rows, k)`, best first. Where fewer are found the rest
            are -1 and minus infinity.
        """
        vectors = np.ascontiguousarray(vectors, "float32")
        longest = max((len(items) for items in seen), default=0) if seen else 0
        # One more than is asked for shows whether the last place is shared.
        wanted = k + longest + 1
        while True:
            wanted = min(wanted, self.index.ntotal)
            _, items = self.index.search(vectors, wanted)
            products = self._products(vectors, items)
            worst = products.min(axis=1, where=items >= 0, initial=np.inf)
            if seen is not None:
                for row, own in enumerate(seen):
                    items[row, np.isin(items[row], own)] = -1
            products[items < 0] = -np.inf
            order = np.lexsort((items, -products), axis=1)[:, :k]
            best = np.take_along_axis(products, order, axis=1)
            if wanted == self.index.ntotal or (best[:, -1] > worst).all():
                break
            wanted *= 2
        items = np.take_along_axis(items, order, axis=1)
        short = k - items.shape[1]
        return (
            np.pad(items, ((0, 0), (0, short)), constant_values=-1),
            np.pad(best, ((0, 0), (0, short)), constant_values=-np.inf),
        )

    def _products(self, vectors, items):
        """float32 products with the items found, summed in float64."""
        products = np.empty(items.shape, "float32")
        for row, (vector, found) in enumerate(zip(vectors, items)):
            found = self.item_vectors[found].astype("float64")
            products[row] = found @ vector.astype("float64")
        return products

    def recommend(self, recommender, users, k=20):
        """`TrainedRecommender.recommend`, approximately.

        Args:
            recommender: `TrainedRecommender` that the index was built from.
            users: List of original user ids; each needs training items.
            k: Integer. Defaults to `20`.

        Returns:
            DataFrame as of `TrainedRecommender.recommend`.

        Raises:
            ValueError: If a user is not known or has no training items, or
                `k` is not possible.
        """
        check_k(k, recommender.num_items)
        places = recommender.catalog.users(users)
        names = recommender.catalog.user_ids[places]
        empty = recommender.seen.counts[places] == 0
        if empty.any():
            raise ValueError(
                f"User {names[np.argmax(empty)]!r} has no training items and "
                "no vector to search with."
            )
        seen = [recommender.seen.of(place) for place in places]
        vectors = recommender.user_vectors[places]
        items, scores = self.search(vectors, k, seen)
        return result_table(recommender.catalog, items, scores, users=names)

    def save(self, path):
        """Writes the index.

        Args:
            path: Path of the file.
        """
        with staged_file(path) as staging:
            _faiss().write_index(self.index, str(staging))


def build_index(recommender, num_links=32, build_effort=200, effort=128):
    """Builds an index of a recommender's items.

    Args:
        recommender: `TrainedRecommender`.
        num_links: Integer. Neighbors of an item in the graph. Defaults to
            `32`.
        build_effort: Integer. Items looked at when one is added. Defaults to
            `200`.
        effort: Integer. Items looked at in a search; more are slower and
            find more. Defaults to `128`.

    Returns:
        `ItemIndex`.
    """
    faiss = _faiss()
    vectors = np.ascontiguousarray(recommender.item_vectors, "float32")
    index = faiss.IndexHNSWFlat(
        vectors.shape[1], num_links, faiss.METRIC_INNER_PRODUCT
    )
    index.hnsw.efConstruction = build_effort
    index.hnsw.efSearch = effort
    index.add(vectors)
    return ItemIndex(index, vectors)


def load_index(path, recommender):
    """Reads an index that `ItemIndex.save` wrote.

    Args:
        path: Path of the file.
        recommender: `TrainedRecommender` that it was built from.

    Returns:
        `ItemIndex`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no index, or one of other items or of
            other vectors of theirs.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no index {path}.")
    try:
        index = _faiss().read_index(str(path))
    except RuntimeError as error:
        raise ValueError(
            f"{path} is cut short or is no index: {error}"
        ) from error
    expected = recommender.item_vectors.shape
    if (index.ntotal, index.d) != expected:
        raise ValueError(
            f"{path} is an index of other items: expected {expected[0]} of "
            f"width {expected[1]}. Received: {index.ntotal} of width {index.d}"
        )
    # A few tell: vectors of another training differ everywhere.
    sample = np.unique(np.linspace(0, expected[0] - 1, 32).astype("int64"))
    stored = np.stack([index.reconstruct(int(item)) for item in sample])
    if not np.allclose(stored, recommender.item_vectors[sample], atol=1e-6):
        raise ValueError(
            f"{path} is an index of other vectors, perhaps of another run. "
            "Build it again."
        )
    return ItemIndex(index, recommender.item_vectors)


def index_recall(recommender, index, users, k=20):
    """Share of the exact lists that the index finds.

    A list is as long as a user has unseen items, at most `k`.

    Args:
        recommender: `TrainedRecommender`.
        index: `ItemIndex` of it.
        users: Integer array of places of users.
        k: Integer. Defaults to `20`.

    Returns:
        Float, the mean over users with at least one unseen item.
    """
    exact, _ = recommender.rank(users, k)
    seen = [recommender.seen.of(user) for user in users]
    found, _ = index.search(recommender.user_vectors[users], k, seen)
    shares = [
        np.isin(own[own >= 0], other).mean()
        for own, other in zip(exact, found)
        if (own >= 0).any()
    ]
    return float(np.mean(shares))


def check_index():
    """Raises an `ImportError` where there is no faiss."""
    _faiss()


def _faiss():
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "The index needs faiss: pip install 'camgr_tf[index]'"
        ) from error
    return faiss

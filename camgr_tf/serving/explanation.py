from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse

from camgr_tf.ops.embedding_rows import float_rows
from camgr_tf.serving.lists import cosines
from camgr_tf.serving.reason import reason


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an item is recommended to a user.

    Args:
        score: Float, the score of the pair in the list.
        parts: DataFrame whose rows are summands of the user's vector, whose
            columns are summands of the item's, and whose values are their
            products. They add up to `score`. Where a modality weighs more or
            less than in training, that is a summand of the item's too, such
            as `"image x 2"`.
        modalities: Series from a modality to what the score would lose if
            the modality's states were zero, for all users and items, times
            the modality's weight. Not additive in general.
        nearest: Dictionary from a modality to a DataFrame of the user's items
            that are most like the recommended one: `item`, `similarity`
            (cosine of features) and, where known, `title`.
        sentence: String, the reason in words.
    """

    score: float
    parts: pd.DataFrame
    modalities: pd.Series
    nearest: dict[str, pd.DataFrame]
    sentence: str

    @property
    def by_item_part(self):
        """Series: what each summand of the item's vector adds to `score`."""
        return self.parts.sum(axis=0)


class Explainer:
    """Explains the scores of a recommender, and weighs its modalities.

    Splits follow the model's `parts` and `parts_without`. A new user who is
    known by items alone has one summand, `"items"`; the loss without a
    modality is then that of the item's vector. An item without users in
    training has one summand, `"content"`, and no known loss.

    Args:
        recommender: `TrainedRecommender`.
    """

    def __init__(self, recommender):
        self.recommender = recommender
        model = recommender.model
        parts = model.parts()
        self._user_parts, self._item_parts = (
            {
                n: float_rows(p[side])
                for n, p in parts.items()
                if p[side] is not None
            }
            for side in (0, 1)
        )
        without = {
            m: model.parts_without(m) for m in recommender.run.dataset.features
        }
        self._unknown = {m for m, vectors in without.items() if vectors is None}
        if self._unknown:
            # What is not known to matter is weighed as if it did not.
            without |= dict.fromkeys(self._unknown, model.embed())
        self._without = {
            m: tuple(float_rows(v) for v in vectors)
            for m, vectors in without.items()
        }

    def explain(self, user, item, num_nearest=3, weights=None):
        """Explains the score of a known user and an item.

        Args:
            user: Original user id.
            item: Original item id.
            num_nearest: Integer. Rows of each table of nearest items.
                Defaults to `3`.
            weights: Dictionary as of `weighted_item_vectors`, by which the
                list was made. Defaults to `None`: as trained.

        Returns:
            `Explanation`.

        Raises:
            ValueError: If an id is not known, or the user has no training
                items and is recommended what is popular.
        """
        place = self.recommender.catalog.users([user])[0]
        seen = self.recommender.seen.of(place)
        if not len(seen):
            raise ValueError(
                f"User {user!r} has no training items: what is recommended "
                "is popular, and nothing else."
            )
        parts = {n: _row(v, place) for n, v in self._user_parts.items()}
        without = {
            m: _row(users, place) for m, (users, _) in self._without.items()
        }
        return self._explain(parts, without, seen, item, num_nearest, weights)

    def explain_for_items(self, items, item, num_nearest=3, weights=None):
        """Explains the score of a new user and an item.

        Args:
            items: List of original item ids, not empty: what the user is
                known by.
            item: Original item id.
            num_nearest: Integer. Rows of each table of nearest items.
                Defaults to `3`.
            weights: Dictionary as of `weighted_item_vectors`, by which the
                list was made. Defaults to `None`: as trained.

        Returns:
            `Explanation`.

        Raises:
            ValueError: If an id is not known, or `items` is empty.
        """
        places = self.recommender.catalog.items(items)
        if not len(places):
            raise ValueError(
                "The list of items is empty: what is recommended is popular, "
                "and nothing else."
            )
        vector = self.recommender.vector_of_items(places)
        without = {m: vector for m in self._without}
        return self._explain(
            {"items": vector}, without, places, item, num_nearest, weights
        )

    def weighted_item_vectors(self, weights):
        """Item vectors with more or less of a modality.

        ```
        x_i + sum_m (weight_m - 1) (x_i - x_i without m)
        ```

        Weights of one are the model's own vectors.

        Args:
            weights: Dictionary from a modality to a float; a modality that
                is not in it has the weight one.

        Returns:
            float32 array of shape `(num_items, dim)`. Items without users in
            training keep their vectors.

        Raises:
            ValueError: If a modality is not the model's.
        """
        unknown = sorted(set(weights) - set(self._without))
        if unknown:
            raise ValueError(
                f"`weights` may name {sorted(self._without)}. "
                f"Received: {unknown}"
            )
        vectors = self.recommender.plain_item_vectors.copy()
        trained = np.flatnonzero(self._is_trained())
        own = vectors[trained]
        for m, weight in weights.items():
            lost = own - self._without[m][1][trained]
            vectors[trained] += (weight - 1.0) * lost
        return vectors

    def _is_trained(self):
        # Added items have no users either.
        return self.recommender.popularity > 0

    def _explain(
        self, user_parts, user_without, places, item, num_nearest, weights
    ):
        recommender = self.recommender
        place = recommender.catalog.items([item])[0]
        user = sum(user_parts.values())
        trained = bool(self._is_trained()[place])
        weights = {m: w for m, w in (weights or {}).items() if w != 1.0}
        if trained:
            item_parts = {
                n: _row(v, place) for n, v in self._item_parts.items()
            }
            whole = sum(item_parts.values())
            for m, weight in weights.items():
                lost = whole - _row(self._without[m][1], place)
                item_parts[f"{m} x {weight:g}"] = (weight - 1.0) * lost
        else:
            item_parts = {
                "content": _row(recommender.plain_item_vectors, place)
            }
        parts = pd.DataFrame(
            {
                name: {n: float(u @ part) for n, u in user_parts.items()}
                for name, part in item_parts.items()
            }
        )
        score = float(user @ sum(item_parts.values()))
        losses = {m: np.nan for m in self._without}
        if trained:
            plain = float(user @ whole)
            for m, (_, items) in self._without.items():
                if m in self._unknown:
                    continue
                loss = plain - float(user_without[m] @ _row(items, place))
                losses[m] = weights.get(m, 1.0) * loss
        losses = pd.Series(losses, dtype="float64")
        nearest = {
            m: self._nearest(m, place, places, num_nearest)
            for m in recommender.features
        }
        return Explanation(
            score=score,
            parts=parts,
            modalities=losses,
            nearest=nearest,
            sentence=reason(score, losses, nearest, trained),
        )

    def _nearest(self, modality, place, places, num_nearest):
        """The user's items that are most like an item in one modality."""
        recommender = self.recommender
        present = recommender.has_modality[modality]
        places = places[(places != place) & present[places]]
        if not present[place]:
            places = places[:0]
        features = recommender.features[modality]
        similarities = cosines(features[place], features[places])
        order = np.argsort(-similarities, kind="stable")[:num_nearest]
        catalog = recommender.catalog
        table = {
            "item": catalog.item_ids[places[order]],
            "similarity": similarities[order],
        }
        if catalog.titles is not None:
            table["title"] = catalog.titles[places[order]]
        return pd.DataFrame(table)


def _row(vectors, place):
    """One vector of a dense or sparse matrix, as an array."""
    row = vectors[place]
    return row.toarray()[0] if scipy.sparse.issparse(row) else row

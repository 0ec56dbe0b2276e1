"""What the demo page shows, as plain pictures, captions and tables."""

import functools

import numpy as np
import pandas as pd
from PIL import Image
from PIL import ImageOps

from camgr_tf.ingest.pictures import read_picture
from camgr_tf.near_names import near_names
from camgr_tf.serving.reason import modality_word

KNOWN_USER = "a customer"
BASKET = "a basket of items"

# Shown of a catalog or a history at one time.
MAX_ITEMS = 48
LONGEST_TITLE = 60

# Columns of the items' table, beside the title, that a card shows.
SHOWN_COLUMNS = ("price", "category")
MAX_CATEGORIES = 50

# Longest side of a picture as it is drawn: twice what is shown, for sharp
# screens.
PICTURE_SIDE = 192
PICTURES_KEPT = 1024


class PageContent:
    """Lists and explanations of one recommender, ready to be drawn.

    A gallery is a list of `(picture, caption)`; a picture is an image of its
    pixels alone or, for items without one, plain grey. No path is handed on.

    Args:
        recommender: `TrainedRecommender`.

    Attributes:
        recommender: The same.
        modalities: List of the modalities' names.
        name: String, the model's.
    """

    def __init__(self, recommender):
        self.recommender = recommender
        self.name = recommender.run.config.model
        self.modalities = list(recommender.features)
        self._grey = Image.new("RGB", (96, 96), (222, 222, 226))
        self._picture = functools.lru_cache(PICTURES_KEPT)(self._read_picture)

    def user_ids(self):
        """Original ids of the users with training items, as a list."""
        known = self.recommender.seen.counts > 0
        return self.recommender.catalog.user_ids[known].tolist()

    def unknown_user(self, user):
        """What is said of a user who is not known.

        Args:
            user: String, as somebody wrote it, or `None`.

        Returns:
            String, empty for a known user.
        """
        ids = self.recommender.catalog.user_ids
        if user is not None and str(user) in ids:
            return ""
        near = near_names(str(user or ""), ids.tolist())
        return (
            f"There is no customer {user or ''!r}{near}. Choose from the list."
        )

    def has_history(self, user, basket):
        """Whether a list rests on more than what is popular."""
        return bool(self.bought(user) if user is not None else basket)

    def categories(self):
        """Values of the items' column `category`, at most 50, or none."""
        columns = self.recommender.catalog.columns
        if "category" not in columns:
            return []
        counts = columns["category"].value_counts()
        counts = counts[counts.index != ""].head(MAX_CATEGORIES)
        return sorted(counts.index)

    def highest_price(self):
        """The highest number in the items' column `price`, or `None`."""
        columns = self.recommender.catalog.columns
        if "price" not in columns:
            return None
        prices = pd.to_numeric(columns["price"], errors="coerce")
        highest = prices[np.isfinite(prices)].max()
        return None if np.isnan(highest) else float(highest)

    def where(self, category=None, price=None):
        """A filter as of `TrainedRecommender.recommend`.

        Args:
            category: String. Defaults to `None`: any.
            price: Float, the highest. Defaults to `None`: any, as is that of
                the dearest item.

        Returns:
            Dictionary.
        """
        where = {} if category is None else {"category": category}
        highest = self.highest_price()
        if price is None or highest is None or price >= highest:
            return where
        return where | {"price": (None, price)}

    def examples(self):
        """What there is to try, as the page's buttons offer it.

        Returns:
            Dictionary from a label to a tuple of mode, user and basket.
        """
        counts = self.recommender.seen.counts
        known = np.flatnonzero(counts)
        order = known[np.argsort(counts[known], kind="stable")]
        short, long = self.recommender.catalog.user_ids[order[[0, -1]]]
        items = self.find_items()
        return {
            "A short history": (KNOWN_USER, short, []),
            "A long history": (KNOWN_USER, long, []),
            "A basket of two": (BASKET, short, items[:2]),
            "Somebody new": (BASKET, short, []),
        }

    def find_items(self, words=""):
        """Items whose title or id has all words.

        Args:
            words: String. Defaults to `""`: the most popular items.

        Returns:
            List of at most 48 original ids, the most popular ones first.
        """
        catalog = self.recommender.catalog
        found = []
        wanted = words.lower().split()
        for place in np.argsort(-self.recommender.popularity, kind="stable"):
            text = catalog.item_ids[place]
            if catalog.titles is not None:
                text = f"{text} {catalog.titles[place]}"
            if all(word in text.lower() for word in wanted):
                found.append(catalog.item_ids[place])
            if len(found) == MAX_ITEMS:
                break
        return found

    def bought(self, user):
        """Original ids of a user's training items, at most 48.

        Args:
            user: Original user id.

        Returns:
            List of original item ids.
        """
        place = self.recommender.catalog.users([user])[0]
        seen = self.recommender.seen.of(place)[:MAX_ITEMS]
        return self.recommender.catalog.item_ids[seen].tolist()

    def recommend(self, user, basket, first_weight=0.5, k=12, where=None):
        """The list for a known user or for a basket.

        Args:
            user: Original user id, or `None` for the basket.
            basket: List of original item ids, read if `user` is `None`.
            first_weight: Float in `[0, 1]`: the weight of the first modality
                against the others; at one half all are as trained. Defaults
                to `0.5`.
            k: Integer. Defaults to `12`.
            where: Dictionary as of `TrainedRecommender.recommend`. Defaults
                to `None`.

        Returns:
            DataFrame as of `TrainedRecommender.recommend`, with fewer than
            `k` rows where fewer items fit.
        """
        recommender = self._weighted(first_weight)
        k = min(k, int(recommender.catalog.matches(where or {}).sum()))
        if not k:
            return pd.DataFrame({"item": [], "score": []})
        if user is None:
            return recommender.recommend_for_items(basket, k, where=where)
        return recommender.recommend(user, k, where=where)

    def _weighted(self, first_weight):
        if first_weight == 0.5 or len(self.modalities) < 2:
            return self.recommender
        weights = dict.fromkeys(self.modalities, 2.0 * (1 - first_weight))
        weights[self.modalities[0]] = 2.0 * first_weight
        return self.recommender.weighted(weights)

    def title(self, item):
        """An item's title, or its id where it has none, shortened."""
        catalog = self.recommender.catalog
        place = catalog.items([item])[0]
        title = catalog.titles[place] if catalog.titles is not None else ""
        title = title or catalog.item_ids[place]
        if len(title) > LONGEST_TITLE:
            title = title[: LONGEST_TITLE - 1] + "…"
        return title

    def gallery(self, item_ids, notes=None):
        """Pictures of items with their titles, ids, prices and categories.

        Args:
            item_ids: List of original ids.
            notes: List of strings that stand before the titles. Defaults to
                `None`.

        Returns:
            List of `(picture, caption)`.
        """
        catalog = self.recommender.catalog
        result = []
        for row, place in enumerate(catalog.items(item_ids)):
            item, title = catalog.item_ids[place], self.title(item_ids[row])
            facts = [
                str(catalog.columns[name][place])
                for name in SHOWN_COLUMNS
                if name in catalog.columns and catalog.columns[name][place]
            ]
            lines = [title, item if title != item else "", " · ".join(facts)]
            caption = "\n".join(filter(None, lines))
            if notes is not None:
                caption = f"{notes[row]} · {caption}"
            result.append((self._picture(int(place)), caption))
        return result

    def _read_picture(self, place):
        path = self.recommender.catalog.picture(place)
        pixels, _ = read_picture(path, _drawn_size(path))
        return self._grey if pixels is None else Image.fromarray(pixels)

    def explain(self, user, basket, item, first_weight=0.5):
        """Why an item is recommended, by the weights of its list.

        Args:
            user: Original user id, or `None` for the basket.
            basket: List of original item ids.
            item: Original item id.
            first_weight: Float, as of `recommend`. Defaults to `0.5`.

        Returns:
            Tuple of the reason in a sentence, a gallery of the user's nearest
            items in each modality, a DataFrame with `part` and `score`, whose
            first row is the whole score, one with `without` and `change`, and
            one with `by`, `item` and `similarity` of the nearest items.
        """
        recommender = self._weighted(first_weight)
        if user is None:
            explanation = recommender.explain_for_items(basket, item)
        else:
            explanation = recommender.explain(user, item)
        parts = explanation.by_item_part
        parts = pd.DataFrame(
            {
                "part": ["score", *parts.index],
                "score": np.round([explanation.score, *parts], 4),
            }
        )
        losses = explanation.modalities
        changes = pd.DataFrame(
            {"without": losses.index, "change": -losses.to_numpy().round(4)}
        )
        near = [
            {
                "by": modality_word(modality),
                "item": row.item,
                "similarity": round(float(row.similarity), 3),
            }
            for modality, table in explanation.nearest.items()
            for row in table.itertuples()
        ]
        near = pd.DataFrame(near, columns=["by", "item", "similarity"])
        gallery = self.gallery(near["item"].tolist(), near["by"].tolist())
        return explanation.sentence, gallery, parts, changes, near


def _drawn_size(path):
    """`(height, width)` in which a picture is drawn, its shape kept."""
    try:
        with Image.open(path) as picture:
            width, height = ImageOps.exif_transpose(picture).size
    except Exception:  # as in `read_picture`, which says what it is
        width, height = 1, 1
    scale = min(1.0, PICTURE_SIDE / max(width, height))
    return max(1, round(scale * height)), max(1, round(scale * width))

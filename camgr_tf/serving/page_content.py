"""What the demo page shows, as plain pictures, captions and tables."""

import functools

import numpy as np
import pandas as pd
from PIL import Image
from PIL import ImageOps

from camgr_tf.ingest.pictures import read_picture

# Shown of a catalog or a history at one time.
MAX_ITEMS = 48
LONGEST_TITLE = 60

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
    """

    def __init__(self, recommender):
        self.recommender = recommender
        self.modalities = list(recommender.features)
        self._grey = Image.new("RGB", (96, 96), (222, 222, 226))
        self._picture = functools.lru_cache(PICTURES_KEPT)(self._read_picture)

    def user_ids(self):
        """Original ids of the users with training items, as a list."""
        known = self.recommender.seen.counts > 0
        return self.recommender.catalog.user_ids[known].tolist()

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

    def recommend(self, user, basket, first_weight=0.5, k=12):
        """The list for a known user or for a basket.

        Args:
            user: Original user id, or `None` for the basket.
            basket: List of original item ids, read if `user` is `None`.
            first_weight: Float in `[0, 1]`: the weight of the first modality
                against the others; at one half all are as trained. Defaults
                to `0.5`.
            k: Integer. Defaults to `12`.

        Returns:
            DataFrame as of `TrainedRecommender.recommend`.
        """
        recommender = self._weighted(first_weight)
        k = min(k, recommender.num_items)
        if user is None:
            return recommender.recommend_for_items(basket, k)
        return recommender.recommend(user, k)

    def _weighted(self, first_weight):
        if first_weight == 0.5 or len(self.modalities) < 2:
            return self.recommender
        weights = dict.fromkeys(self.modalities, 2.0 * (1 - first_weight))
        weights[self.modalities[0]] = 2.0 * first_weight
        return self.recommender.weighted(weights)

    def gallery(self, item_ids, notes=None):
        """Pictures of items with their titles.

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
            caption = catalog.item_ids[place]
            if catalog.titles is not None and catalog.titles[place]:
                caption = catalog.titles[place]
            if len(caption) > LONGEST_TITLE:
                caption = caption[: LONGEST_TITLE - 1] + "…"
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
            Tuple of the reason in a sentence, a DataFrame with `part` and
            `score`, whose first row is the whole score, a DataFrame with
            `without` and `change`, and a gallery of the user's nearest items
            in each modality.
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
        item_ids, notes = [], []
        for modality, table in explanation.nearest.items():
            item_ids.extend(table["item"])
            notes.extend(f"{modality} {s:.2f}" for s in table["similarity"])
        gallery = self.gallery(item_ids, notes)
        return explanation.sentence, parts, changes, gallery


def _drawn_size(path):
    """`(height, width)` in which a picture is drawn, its shape kept."""
    try:
        with Image.open(path) as picture:
            width, height = ImageOps.exif_transpose(picture).size
    except Exception:  # as in `read_picture`, which says what it is
        width, height = 1, 1
    scale = min(1.0, PICTURE_SIDE / max(width, height))
    return max(1, round(scale * height)), max(1, round(scale * width))

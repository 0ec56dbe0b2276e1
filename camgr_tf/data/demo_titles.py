"""Titles of the demo items: words of a taste among words that mean nothing."""

import numpy as np

_CATEGORY_WORDS = (
    ("mug", "cup", "coffee", "tea"),
    ("lamp", "light", "bulb", "shade"),
    ("chair", "seat", "stool", "bench"),
    ("scarf", "shawl", "wrap", "neck"),
    ("clock", "watch", "timer", "alarm"),
    ("bag", "backpack", "tote", "pouch"),
    ("puzzle", "game", "toy", "blocks"),
    ("plate", "bowl", "dish", "tray"),
)

_MATERIAL_WORDS = (
    ("oak", "wooden", "timber"),
    ("steel", "metal", "chrome"),
    ("cotton", "woven", "linen"),
    ("glass", "crystal", "clear"),
    ("leather", "suede", "hide"),
    ("ceramic", "clay", "glazed"),
)

_FILLER_WORDS = tuple(
    """amazing authentic beautiful best bundle bestseller certified choice
    classic collection daily deal deluxe discount edition essential everyday
    exclusive fast favorite fresh genuine gift great guaranteed home ideal
    improved limited lovely modern must new official original pack perfect
    popular premium professional quality rated ready sale select series set
    shipping simple special style superior top trusted ultimate unique value
    version warranty wonderful""".split()
)

_CATEGORY_SHOWN = 2
_MATERIAL_SHOWN = 2
_WRONG_WORD = 0.1


def make_titles(rng: np.random.Generator, categories, materials) -> list[str]:
    """Writes a title for each item.

    A title has two words of the item's category, two of its material and two
    to five filler words, in random order. One in ten of the four words that
    mean something is of another category or material instead.

    Args:
        rng: The source of all randomness.
        categories: Integer array of shape `(num_items,)`, indices of eight.
        materials: Integer array of shape `(num_items,)`, indices of six.

    Returns:
        List of `num_items` strings.
    """
    titles = []
    for category, material in zip(categories, materials):
        words = _draw_words(rng, _CATEGORY_WORDS, category, _CATEGORY_SHOWN)
        words += _draw_words(rng, _MATERIAL_WORDS, material, _MATERIAL_SHOWN)
        num_fillers = rng.integers(2, 6)
        words += list(rng.choice(_FILLER_WORDS, num_fillers, replace=False))
        titles.append(" ".join(rng.permutation(words)).capitalize())
    return titles


def _draw_words(rng, groups, group, number):
    """Draws different words of a group, now and then of another one."""
    words = list(rng.choice(groups[group], number, replace=False))
    for place in np.flatnonzero(rng.random(number) < _WRONG_WORD):
        words[place] = rng.choice(groups[rng.integers(len(groups))])
    return words

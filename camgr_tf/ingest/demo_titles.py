"""Titles of the demo items: words of a taste among words that mean nothing."""

import numpy as np

_CATEGORY_WORDS = (
    ("mug", "cup", "coffee", "tea", "drinking"),
    ("lamp", "light", "bulb", "lantern", "shade"),
    ("chair", "seat", "stool", "bench", "armchair"),
    ("scarf", "shawl", "wrap", "stole", "winter"),
    ("clock", "watch", "timer", "alarm", "hours"),
    ("bag", "backpack", "tote", "pouch", "travel"),
)

_MATERIAL_WORDS = (
    ("oak", "wooden", "timber", "bamboo", "walnut"),
    ("steel", "metal", "chrome", "brass", "iron"),
    ("cotton", "woven", "linen", "fabric", "knitted"),
    ("glass", "crystal", "clear", "transparent", "blown"),
    ("leather", "suede", "hide", "tanned", "stitched"),
)

_FILLER_WORDS = tuple(
    """authentic best bundle classic deluxe edition exclusive gift great ideal
    modern new original perfect popular premium quality sale select set special
    style unique value""".split()
)

_WORDS_SHOWN = 2
_WRONG_WORD = 0.15


def make_titles(rng: np.random.Generator, categories, materials) -> list[str]:
    """Writes a title for each item.

    A title has two words of the item's category, two of its material and two
    to five filler words, in random order. Of the four words that mean
    something 15 % are drawn anew from all categories or materials.

    Args:
        rng: The source of all randomness.
        categories: Integer array of shape `(num_items,)`, indices of six.
        materials: Integer array of shape `(num_items,)`, indices of five.

    Returns:
        List of `num_items` strings.
    """
    titles = []
    for category, material in zip(categories, materials):
        words = _draw_words(rng, _CATEGORY_WORDS, category)
        words += _draw_words(rng, _MATERIAL_WORDS, material)
        num_fillers = rng.integers(2, 6)
        words += list(rng.choice(_FILLER_WORDS, num_fillers, replace=False))
        titles.append(" ".join(rng.permutation(words)).capitalize())
    return titles


def _draw_words(rng, groups, group):
    """Draws two words of a group, now and then of any group."""
    words = list(rng.choice(groups[group], _WORDS_SHOWN, replace=False))
    for place in np.flatnonzero(rng.random(_WORDS_SHOWN) < _WRONG_WORD):
        words[place] = rng.choice(groups[rng.integers(len(groups))])
    return words

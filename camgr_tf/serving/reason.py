"""The reason of a recommendation in one sentence."""

# What modalities are called; others go by their own name.
WORDS = {"image": "picture", "text": "description"}

# A modality that bears this share of a score is what it is mostly about.
MOSTLY = 0.5

LONGEST_TITLE = 40


def reason(score, losses, nearest, has_users):
    """Says what a score comes from, and which items it resembles.

    Args:
        score: Float.
        losses: Series from a modality to what the score would lose without
            it; NaN where that is not known.
        nearest: Dictionary from a modality to a DataFrame with `item`,
            `similarity`, best first, and perhaps `title`: the user's items
            that are most like the recommended one.
        has_users: Boolean. Whether anybody had the item in training.

    Returns:
        String, such as `"Mostly its picture: like the Shag rug and the Ladder
        shelf you bought."`.

    Example:

    ```python
    import pandas as pd
    from camgr_tf.serving.reason import reason

    bought = pd.DataFrame({"item": ["7"], "similarity": [0.9]})
    losses = pd.Series({"image": 0.8, "text": 0.1})
    sentence = reason(1.0, losses, {"image": bought, "text": bought}, True)
    assert sentence == "Mostly its picture: like item 7 you bought."
    ```
    """
    likeness = {m: _likeness(table) for m, table in nearest.items()}
    if not has_users:
        best = max(
            likeness, key=lambda m: _similarity(nearest[m]), default=None
        )
        if best is None or not likeness[best]:
            return "Nobody has it yet, and nothing of yours is like it."
        return (
            f"Nobody has it yet; its {modality_word(best)} is {likeness[best]}."
        )
    known = losses.dropna()
    if score <= 0:
        return "Little speaks for it: its score is not above zero."
    if known.empty:
        return "What people with your taste bought."
    if known.max() <= 0:
        return "What people with your taste bought; its content adds nothing."
    best = known.idxmax()
    share = known[best] / score
    beside = f": {likeness[best]}" if likeness.get(best) else ""
    if share >= MOSTLY:
        return f"Mostly its {modality_word(best)}{beside}."
    return (
        "Mostly what people with your taste bought, and a little its "
        f"{modality_word(best)}{beside}."
    )


def _likeness(table):
    """`"like A and B you bought"` of the first two, or nothing."""
    rows = table[table["similarity"] > 0].head(2)
    names = [
        f"the {_short(row.title)}"
        if getattr(row, "title", "")
        else f"item {row.item}"
        for row in rows.itertuples()
    ]
    return f"like {' and '.join(names)} you bought" if names else ""


def _short(title):
    """A title cut at a word, so that two of them are still one sentence."""
    if len(title) <= LONGEST_TITLE:
        return title
    head = title[:LONGEST_TITLE]
    return (head.rsplit(" ", 1)[0] if " " in head else head) + "…"


def _similarity(table):
    return table["similarity"].max() if len(table) else float("-inf")


def modality_word(modality):
    """What a modality is called in a sentence, such as `"picture"`."""
    return WORDS.get(modality, modality)

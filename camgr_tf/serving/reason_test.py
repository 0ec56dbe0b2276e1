import numpy as np
import pandas as pd
import pytest

from camgr_tf.serving.reason import reason


def bought(**similarities):
    return pd.DataFrame(
        {
            "item": list(similarities),
            "similarity": list(similarities.values()),
            "title": [f"{name.title()} rug" for name in similarities],
        }
    )


NEAREST = {
    "image": bought(shag=0.9, wool=0.7, silk=0.6),
    "text": bought(jute=0.5, hemp=-0.1),
    "sound": bought(),
}


@pytest.mark.parametrize(
    "score, losses, expected",
    [
        (
            1.0,
            {"image": 0.6, "text": 0.3},
            "Mostly its picture: like the Shag rug and the Wool rug you "
            "bought.",
        ),
        (
            1.0,
            {"image": 0.1, "text": 0.5},
            "Mostly its description: like the Jute rug you bought.",
        ),
        (1.0, {"sound": 0.7}, "Mostly its sound."),
        (
            1.0,
            {"image": 0.1, "text": 0.2},
            "Mostly what people with your taste bought, and a little its "
            "description: like the Jute rug you bought.",
        ),
        (
            1.0,
            {"image": 0.0, "text": -0.2},
            "What people with your taste bought; its content adds nothing.",
        ),
        # Not known what a modality adds.
        (1.0, {}, "What people with your taste bought."),
        (1.0, {"image": np.nan}, "What people with your taste bought."),
        (
            -0.1,
            {"image": 0.5},
            "Little speaks for it: its score is not above zero.",
        ),
    ],
)
def test_sentences(score, losses, expected):
    losses = pd.Series(losses, dtype="float64")
    assert reason(score, losses, NEAREST, True) == expected


def test_an_item_that_nobody_has():
    losses = pd.Series({"image": np.nan, "text": np.nan})
    assert reason(1.0, losses, NEAREST, False) == (
        "Nobody has it yet; its picture is like the Shag rug and the Wool rug "
        "you bought."
    )
    assert reason(1.0, losses, {"image": bought()}, False) == (
        "Nobody has it yet, and nothing of yours is like it."
    )
    assert reason(1.0, losses, {}, False).startswith("Nobody has it yet")


def test_without_titles_items_go_by_their_ids():
    table = NEAREST["image"].drop(columns="title")
    losses = pd.Series({"image": 0.6})
    assert reason(1.0, losses, {"image": table}, True) == (
        "Mostly its picture: like item shag and item wool you bought."
    )


def test_long_titles_are_cut_at_a_word():
    table = pd.DataFrame(
        {
            "item": ["1", "2"],
            "similarity": [0.9, 0.8],
            "title": ["word " * 20, "x" * 50],
        }
    )
    losses = pd.Series({"image": 0.6})
    sentence = reason(1.0, losses, {"image": table}, True)
    assert sentence == (
        f"Mostly its picture: like the {('word ' * 8).strip()}… and the "
        f"{'x' * 40}… you bought."
    )

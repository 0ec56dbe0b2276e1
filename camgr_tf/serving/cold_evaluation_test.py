import numpy as np
import pandas as pd
import pytest

from camgr_tf.serving.cold_evaluation import evaluate_cold_items
from camgr_tf.serving.recommender import load


def test_figures_by_hand(small_run):
    recommender = load(small_run("lightgcn", split="cold_items"))
    interactions = recommender.run.dataset.interactions
    warm = np.unique(interactions.train[:, 1])
    # Of 23 items with users a fifth is five; item 23 has no user at all.
    assert len(warm) == 18
    cold = np.setdiff1d(np.arange(24), warm)
    # Any vectors will do: score the cold items by their number.
    recommender = recommender.with_item_vectors(
        np.where(np.isin(np.arange(24), warm), 100.0, np.arange(24))[:, None]
        * np.ones((1, 8))
    )
    recommender.user_vectors = np.ones((30, 8), "float32")
    table = evaluate_cold_items(recommender, cutoffs=(2,))
    table = table.set_index("setting")
    test = pd.DataFrame(interactions.test, columns=["user", "item"])
    rows = test[test["item"].isin(cold)]
    best = set(cold[-2:])
    found = rows["item"].isin(best).groupby(rows["user"])
    assert table.loc["cold", "recall@2"] == pytest.approx(found.mean().mean())
    assert table.loc["cold", "users"] == rows["user"].nunique()
    assert table.loc["cold", "candidates"] == 6
    assert table.loc["cold", "chance@2"] == pytest.approx(2 / 6)
    # Eighteen warm items come before any cold one.
    assert table.loc["cold among all", "recall@2"] == 0.0
    assert table.loc["warm", "candidates"] == 18
    assert 0 < table.loc["warm", "chance@2"] < 2 / 10


def test_a_run_without_cold_items_is_refused(small_camgr):
    with pytest.raises(ValueError, match="Train with split='cold_items'"):
        evaluate_cold_items(small_camgr)


def test_places_without_an_item_are_no_hits(small_run):
    # Everybody has seen all candidates but their test items: lists are
    # shorter than the cutoff, and their empty places count for nothing.
    recommender = load(small_run("lightgcn", split="cold_items"))
    table = evaluate_cold_items(recommender, cutoffs=(24,))
    table = table.set_index("setting")
    assert table.loc["cold among all", "recall@24"] == pytest.approx(1.0)
    assert table.loc["cold", "recall@24"] == pytest.approx(1.0)

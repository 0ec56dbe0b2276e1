"""Equal scores and short lists: the same in every form of a recommender."""

import copy

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from camgr_tf.serving.parquet import write_recommendations
from camgr_tf.serving.saved_model import ServedRecommender


def with_vectors(recommender, users, items):
    result = copy.copy(recommender)
    result.user_vectors = np.asarray(users, "float32")
    result.item_vectors = np.asarray(items, "float32")
    result.catalog = copy.copy(recommender.catalog)
    return result


def oracle(recommender, user, k):
    """The list by its definition: exact products, then ids."""
    vector = recommender.user_vectors[user].astype("float64")
    scores = np.float32(
        [i.astype("float64") @ vector for i in recommender.item_vectors]
    )
    seen = set(recommender.seen.of(user).tolist())
    unseen = [i for i in range(24) if i not in seen]
    ranked = sorted(unseen, key=lambda item: (-scores[item], item))
    return [f"item{item:02}" for item in ranked[:k]]


def served(recommender, names, k):
    module = ServedRecommender(recommender)
    result = module.recommend(tf.constant(names), tf.constant(k))
    return [
        [item.decode() for item in row if item]
        for row in result["item_ids"].numpy()
    ]


rng = np.random.default_rng(0)
FEW = rng.normal(size=(3, 8))
TIED = {
    "all items equal": np.ones((24, 8)),
    "three kinds of items": FEW[np.arange(24) % 3],
    "zeros but for one": np.eye(24, 8, -20),
    "sums in other orders": np.stack(
        [rng.permutation([0.1, 0.2, 0.3, 0.7, 1e-3, 9.1, 0.6, 5.0])
         for _ in range(24)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TIED))
def test_lists_by_every_way(small_camgr, tmp_path, name):
    users = np.ones((30, 8)) * rng.normal(size=(30, 1))
    if name != "sums in other orders":
        users = rng.normal(size=(30, 8))
    recommender = with_vectors(small_camgr, users, TIED[name])
    known = [user for user in range(29) if recommender.seen.counts[user]]
    names = [f"user{user:02}" for user in known]
    for k in (1, 5, 15):
        expected = {n: oracle(recommender, u, k) for u, n in zip(known, names)}
        table = recommender.recommend(names, k)
        listed = table.groupby("user")["item"].agg(list).to_dict()
        assert listed == expected
        # Alone, among others, and with the candidates named.
        alone = recommender.recommend(
            names[3], k, candidates=[f"item{i:02}" for i in range(24)]
        )
        assert alone["item"].tolist() == expected[names[3]]
        assert served(recommender, names, k) == list(expected.values())
        with pytest.warns(UserWarning, match="most popular"):
            path = write_recommendations(
                recommender, tmp_path / "x.parquet", k, True, 4, False
            )
        written = pd.read_parquet(path).groupby("user")["item"].agg(list)
        assert written[names].to_dict() == expected


@pytest.mark.parametrize("name", sorted(TIED))
def test_lists_by_the_index(small_camgr, name):
    pytest.importorskip("faiss", reason="needs the extra `index`")
    from camgr_tf.serving.item_index import build_index
    from camgr_tf.serving.item_index import index_recall

    users = rng.normal(size=(30, 8))
    recommender = with_vectors(small_camgr, users, TIED[name])
    index = build_index(recommender)
    for k in (1, 5, 15, 24):
        table = index.recommend(recommender, ["user03", "user11"], k)
        listed = table.groupby("user")["item"].agg(list).to_dict()
        assert listed == {
            "user03": oracle(recommender, 3, k),
            "user11": oracle(recommender, 11, k),
        }
        # Also of lists that are shorter than k.
        assert index_recall(recommender, index, np.arange(29), k) == 1.0


def test_a_basket_and_similar_items_take_the_smaller_too(small_camgr):
    recommender = with_vectors(small_camgr, np.ones((30, 8)), np.ones((24, 8)))
    table = recommender.recommend_for_items(["item01", "item03"], 3)
    assert table["item"].tolist() == ["item00", "item02", "item04"]
    table = recommender.similar_items("item01", 3)
    assert table["item"].tolist() == ["item00", "item02", "item03"]


def test_short_lists_hold_no_seen_items(small_camgr):
    items, scores = small_camgr.rank(np.array([3, 4]), 24)
    for row, user in enumerate((3, 4)):
        seen = small_camgr.seen.of(user)
        short = 24 - len(seen)
        assert set(items[row, :short]) == set(range(24)) - set(seen.tolist())
        assert (items[row, short:] == -1).all()
        assert np.isinf(scores[row, short:]).all()


def test_a_user_with_every_item_gets_an_empty_list(small_camgr):
    few = [f"item{i:02}" for i in small_camgr.seen.of(3)]
    table = small_camgr.recommend(["user03"], k=3, candidates=few)
    assert table.empty and "item" in table
    table = small_camgr.recommend_for_items(few, k=2, candidates=few)
    assert table.empty

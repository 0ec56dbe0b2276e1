import copy
import dataclasses

import numpy as np
import pandas as pd
import pytest

from camgr_tf.models.recommender import Recommender
from camgr_tf.serving.recommender import TrainedRecommender
from camgr_tf.serving.recommender import load
from camgr_tf.training.evaluate import Evaluator


def places(names):
    return [int(name[-2:]) for name in names]


def test_lists_are_those_of_the_evaluation(small_camgr):
    run = small_camgr.run
    interactions = run.dataset.interactions
    evaluator = Evaluator(interactions, "test", cutoffs=(5,))
    # Item 23 has no user: here its vector is another, so it is left out.
    users, items = (np.asarray(v) for v in run.model.embed())
    ranking = evaluator.rank(users, items)
    names = [f"user{u:02}" for u in evaluator.user_ids]
    known = [f"item{i:02}" for i in range(23)]
    table = small_camgr.recommend(names, k=5, candidates=known)
    compared = 0
    for row, name in enumerate(names):
        if 23 not in ranking[row]:
            own = table[table["user"] == name]
            assert places(own["item"]) == ranking[row].tolist()
            compared += 1
    assert compared > 10


def test_table_of_one_user(small_camgr):
    table = small_camgr.recommend("user03", k=4)
    assert table.columns.tolist() == ["user", "item", "score", "rank", "title"]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert (table["user"] == "user03").all()
    assert table["score"].is_monotonic_decreasing
    for item, title in zip(places(table["item"]), table["title"]):
        assert title == f"Title {item}"
    item = places(table["item"])[0]
    score = small_camgr.user_vectors[3] @ small_camgr.item_vectors[item]
    assert table["score"][0] == pytest.approx(score, rel=1e-5)


def test_seen_items_are_left_out_or_not(small_camgr):
    seen = set(small_camgr.seen.of(3).tolist())
    assert len(seen) == 5
    table = small_camgr.recommend(["user03"], k=24)
    assert set(places(table["item"])) == set(range(24)) - seen
    table = small_camgr.recommend(["user03"], k=24, exclude_seen=False)
    assert len(table) == 24


def test_candidates_limit_the_items(small_camgr):
    candidates = ["item04", "item09", "item23"]
    table = small_camgr.recommend(
        ["user03", "user04"], k=3, exclude_seen=False, candidates=candidates
    )
    assert len(table) == 6
    assert set(table["item"]) == set(candidates)


def test_unknown_ids_and_bad_k_say_what_came(small_camgr):
    with pytest.raises(ValueError, match="1 unknown user ids, the first is"):
        small_camgr.recommend(["user03", "nobody"])
    with pytest.raises(ValueError, match="unknown item ids.*'item99'"):
        small_camgr.recommend_for_items(["item99"])
    with pytest.raises(ValueError, match="list of original item ids"):
        small_camgr.recommend_for_items("item01")
    with pytest.raises(ValueError, match=r"in 1\.\.24.*Received: k=0"):
        small_camgr.recommend("user03", k=0)
    with pytest.raises(ValueError, match=r"in 1\.\.2.*Received: k=3"):
        small_camgr.recommend("user03", 3, candidates=["item01", "item02"])


def test_a_user_without_history_gets_popular_items(small_camgr):
    train = small_camgr.run.dataset.interactions.train
    counts = np.bincount(train[:, 1], minlength=24)
    with pytest.warns(UserWarning, match="1 users without training items"):
        table = small_camgr.recommend(["user29", "user03"], k=3)
    own = table[table["user"] == "user29"]
    assert own["score"].tolist() == sorted(counts, reverse=True)[:3]
    assert [counts[i] for i in places(own["item"])] == own["score"].tolist()


def test_a_new_user_is_given_by_items(small_camgr):
    basket = ["item02", "item04", "item08"]
    table = small_camgr.recommend_for_items(basket, k=5)
    assert "user" not in table
    assert not set(table["item"]) & set(basket)
    vector = small_camgr.vector_of_items(np.array([2, 4, 8]))
    scores = small_camgr.item_vectors @ vector
    scores[[2, 4, 8]] = -np.inf
    assert places(table["item"]) == np.argsort(-scores)[:5].tolist()
    with_own = small_camgr.recommend_for_items(basket, 24, exclude_seen=False)
    assert len(with_own) == 24


def test_an_empty_basket_gets_popular_items(small_camgr):
    with pytest.warns(UserWarning, match="list of items is empty: the most"):
        table = small_camgr.recommend_for_items([], k=2)
    assert table["score"][0] == small_camgr.popularity.max()


def test_similar_items_by_vector_and_by_features(small_camgr):
    features = small_camgr.run.dataset.features["text"].astype("float64")
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = np.argsort(-(unit @ unit[4]))[1:4]
    table = small_camgr.similar_items("item04", 3, by="text")
    assert places(table["item"]) == expected.tolist()
    table = small_camgr.similar_items("item04", 22, by="image")
    assert "item22" not in set(table["item"])  # it has no image
    assert "item04" not in set(small_camgr.similar_items("item04", 23)["item"])
    with pytest.raises(ValueError, match="Item 'item22' has no image"):
        small_camgr.similar_items("item22", by="image")
    with pytest.raises(ValueError, match="Received: by='sound'"):
        small_camgr.similar_items("item04", by="sound")


def test_all_scores_that_a_catalog_can_get_are_those_of_its_models(small_run):
    recommender = load(small_run("lightgcn"))
    np.testing.assert_array_equal(
        recommender.item_vectors[:23],
        np.asarray(recommender.model.embed()[1])[:23],
    )
    # LightGCN cannot place what nobody took.
    assert not recommender.item_vectors[23].any()


def test_lists_of_items_with_a_value(small_camgr):
    recommender = copy.copy(small_camgr)
    recommender.catalog = copy.copy(small_camgr.catalog)
    prices = [str(10 * (place % 4)) for place in range(24)]
    recommender.catalog.columns = pd.DataFrame({"price": prices})
    table = recommender.recommend("user03", k=20, where={"price": (None, 10)})
    every = small_camgr.recommend("user03", k=24)
    expected = [i for i in every["item"] if int(i[-2:]) % 4 < 2]
    assert table["item"].tolist() == expected
    table = recommender.recommend_for_items(["item02"], 5, where={"price": 30})
    assert len(table) == 5
    assert all(place % 4 == 3 for place in places(table["item"]))
    assert recommender.recommend("user03", where={"price": 31}).empty
    with pytest.raises(ValueError, match=r"columns \['price'\]"):
        recommender.recommend("user03", where={"color": "red"})


class OwnModel(Recommender):
    """Overrides what a user's own model may know."""

    def __init__(self, dataset, *, embedding_dim=8, seed=0):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)

    def embed(self, training=False):
        return np.ones((30, 8), "float32"), np.ones((24, 8), "float32")

    def embed_users(self, baskets):
        return baskets.counts[:, None] * np.ones((1, 8), "float32")

    def embed_items(self, features, neighbors):
        return 7.0 * np.ones((len(features["text"]), 8), "float32")


def test_a_models_own_rules_are_used(small_camgr):
    dataset = small_camgr.run.dataset
    run = dataclasses.replace(small_camgr.run, model=OwnModel(dataset))
    recommender = TrainedRecommender(run)
    # Item 23 has no user; three items make a user of threes.
    assert (recommender.item_vectors[23] == 7.0).all()
    table = recommender.recommend_for_items(["item01", "item04", "item05"], 2)
    assert table["item"].tolist() == ["item23", "item00"]
    assert table["score"].tolist() == [3 * 7 * 8.0, 3 * 8.0]
    # The rest is the base's: one summand, and nothing is known of what a
    # modality adds.
    explanation = recommender.explain("user03", "item00")
    assert explanation.parts.to_numpy().tolist() == [[8.0]]
    assert explanation.modalities.isna().all()
    assert explanation.sentence == "What people with your taste bought."

"""Models that only count, from a saved run to lists."""

import numpy as np
import pandas as pd
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.serving.added_items import add_items
from camgr_tf.serving.export import export
from camgr_tf.serving.recommender import load
from camgr_tf.training.runs import train

NEIGHBORHOODS = ("itemknn", "contentknn")


@pytest.fixture(scope="module", params=("popularity", *NEIGHBORHOODS))
def recommender(request, small_root, tmp_path_factory):
    few = {} if request.param == "popularity" else {"num_neighbors": 6}
    config = resolve_config(
        dataset="small",
        data_root=str(small_root),
        model=request.param,
        **few,
    )
    outputs = tmp_path_factory.mktemp(request.param)
    return load(train(config, outputs, progress=False).folder)


def bought(recommender, user):
    pairs = recommender.run.dataset.interactions.train
    return pairs[pairs[:, 0] == user, 1]


def test_lists_are_the_largest_scores_that_are_not_seen(recommender):
    scores = np.array(recommender.model(np.arange(30)))
    table = recommender.recommend(["user03", "user12"], k=4)
    for user in (3, 12):
        scores[user, bought(recommender, user)] = -np.inf
        best = np.argsort(-scores[user], kind="stable")[:4]
        own = table[table["user"] == f"user{user:02}"]
        assert own["item"].tolist() == [f"item{i:02}" for i in best]
        np.testing.assert_allclose(own["score"], scores[user, best], rtol=1e-5)


def test_a_new_user_with_the_same_items_gets_the_same_list(recommender):
    items = [f"item{i:02}" for i in bought(recommender, 5)]
    known = recommender.recommend("user05", k=5).drop(columns="user")
    new = recommender.recommend_for_items(items, k=5)
    assert new["item"].tolist() == known["item"].tolist()
    np.testing.assert_allclose(new["score"], known["score"], rtol=1e-5)


def test_similar_items_are_of_the_same_group(recommender):
    table = recommender.similar_items("item02", k=3)
    assert "item02" not in table["item"].tolist()
    if recommender.run.config.model in NEIGHBORHOODS:
        assert all(int(item[4:]) % 2 == 0 for item in table["item"])


def test_recommendations_of_all_are_exported(recommender, tmp_path):
    kinds = ("recommendations",)
    (path,) = export(recommender, tmp_path, kinds, k=2, progress=False)
    table = pd.read_parquet(path)
    expected = recommender.recommend(["user07"], k=2)
    own = table[table["user"] == "user07"]
    assert own["item"].tolist() == expected["item"].tolist()


def test_neighborhoods_have_no_dense_vectors_to_export(recommender, tmp_path):
    if recommender.run.config.model not in NEIGHBORHOODS:
        paths = export(recommender, tmp_path, ("vectors",), progress=False)
        assert all(path.is_file() for path in paths)
        return
    message = "in place of dense vectors: only 'recommendations' .*'vectors'"
    with pytest.raises(ValueError, match=message):
        export(recommender, tmp_path, ("vectors",), progress=False)
    assert not list(tmp_path.iterdir())


def test_an_item_is_added_by_its_features(recommender):
    dataset = recommender.run.dataset
    features = {m: f[[4]].copy() for m, f in dataset.features.items()}
    longer = add_items(recommender, features, ["new"], titles=["New"])
    table = longer.recommend("user06", k=24)
    assert len(table) == 25 - len(bought(recommender, 6))
    scores = table.set_index("item")["score"]
    if recommender.run.config.model == "contentknn":
        assert scores["new"] > 0
    else:
        assert scores.get("new", 0.0) == 0.0

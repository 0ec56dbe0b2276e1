import numpy as np
import pytest

from camgr_tf.serving.added_items import add_items
from camgr_tf.serving.explanation import Explainer
from camgr_tf.serving.recommender import load


@pytest.fixture(scope="module")
def explainer(small_camgr):
    return Explainer(small_camgr)


def test_parts_add_up_to_the_score_in_the_list(small_camgr, explainer):
    first = small_camgr.recommend("user03", 1).iloc[0]
    explanation = explainer.explain("user03", first["item"])
    assert explanation.score == pytest.approx(first["score"], rel=1e-4)
    assert explanation.parts.to_numpy().sum() == pytest.approx(
        first["score"], rel=1e-4
    )
    assert set(explanation.parts.columns) == {"id", "image", "text"}
    assert set(explanation.parts.index) == {"id", "image", "text"}
    assert explanation.by_item_part.sum() == pytest.approx(
        first["score"], rel=1e-4
    )


def test_a_part_by_hand(small_run):
    recommender = load(small_run("vbpr"))
    explanation = Explainer(recommender).explain("user03", "item04")
    model = recommender.model
    user = np.asarray(model.user_table)[3]
    # The text comes first in VBPR's features, and is 5 wide.
    kernel = np.asarray(model.projection.kernel)[:5]
    text = recommender.features["text"][4] @ kernel
    assert explanation.parts.loc["content", "text"] == pytest.approx(
        user[8:] @ text, rel=1e-4
    )
    assert explanation.parts.loc["id", "text"] == 0.0
    # An additive model loses just that part.
    assert explanation.modalities["text"] == pytest.approx(
        user[8:] @ text, rel=1e-4
    )


def test_nearest_items_are_of_the_users_and_by_cosine(small_camgr, explainer):
    seen = small_camgr.seen.of(3)
    features = small_camgr.features["text"].astype("float64")
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = seen[np.argsort(-(unit[seen] @ unit[10]))][:2]
    table = explainer.explain("user03", "item10", num_nearest=2).nearest["text"]
    assert table["item"].tolist() == [f"item{i:02}" for i in expected]
    assert table["similarity"][0] == pytest.approx(
        unit[expected[0]] @ unit[10], rel=1e-4
    )
    # Item 22 has no image to compare.
    assert explainer.explain("user04", "item22").nearest["image"].empty


def test_a_new_user_has_one_summand(small_camgr, explainer):
    basket = ["item02", "item04"]
    first = small_camgr.recommend_for_items(basket, 1).iloc[0]
    explanation = explainer.explain_for_items(basket, first["item"])
    assert explanation.parts.index.tolist() == ["items"]
    assert explanation.score == pytest.approx(first["score"], rel=1e-4)
    assert np.isfinite(explanation.modalities).all()
    with pytest.raises(ValueError, match="list of items is empty"):
        explainer.explain_for_items([], "item04")


def test_items_and_users_without_history(small_camgr, explainer):
    explanation = explainer.explain("user03", "item23")
    assert explanation.parts.columns.tolist() == ["content"]
    assert explanation.modalities.isna().all()
    with pytest.raises(ValueError, match="'user29' has no training items"):
        explainer.explain("user29", "item04")
    features = {m: f[:1] for m, f in small_camgr.features.items()}
    more = Explainer(add_items(small_camgr, features, ["new"]))
    assert np.isfinite(more.explain("user03", "new").score)


def test_weights_move_the_item_vectors(small_camgr, explainer):
    same = explainer.weighted_item_vectors({"image": 1.0, "text": 1.0})
    np.testing.assert_allclose(same, small_camgr.item_vectors, atol=1e-6)
    silent = explainer.weighted_item_vectors({"image": 0.0})
    model = small_camgr.model
    modal = dict(model.modal_states(model.graphs))
    modal["image"] = modal["image"] * 0.0
    nodes = model.encode(model.graphs)
    expected = np.asarray(nodes + model.fusion(nodes, list(modal.values())))
    np.testing.assert_allclose(
        silent[:23], expected[model.num_users :][:23], atol=1e-5
    )
    with pytest.raises(ValueError, match=r"Received: \['sound'\]"):
        explainer.weighted_item_vectors({"sound": 2.0})


def test_the_recommender_gives_the_reason_of_its_own_list(small_camgr):
    first = small_camgr.recommend("user03", 1).iloc[0]
    explanation = small_camgr.explain("user03", first["item"])
    assert explanation.score == pytest.approx(first["score"], rel=1e-4)
    assert explanation.sentence.endswith(".")
    basket = small_camgr.explain_for_items(["item02"], first["item"])
    assert basket.parts.index.tolist() == ["items"]


def test_weights_are_a_summand_and_the_same_as_in_the_list(small_camgr):
    weighted = small_camgr.weighted({"image": 2.0, "text": 1.0})
    table = weighted.recommend("user03", 4)
    for item, score in zip(table["item"], table["score"]):
        explanation = weighted.explain("user03", item)
        assert explanation.score == pytest.approx(score, rel=1e-4)
        assert "image x 2" in explanation.parts
        assert "text x 1" not in explanation.parts
        plain = small_camgr.explain("user03", item)
        assert explanation.modalities["image"] == pytest.approx(
            2 * plain.modalities["image"], rel=1e-4
        )
    # Weights replace weights; they do not add up.
    again = weighted.weighted({"image": 1.0})
    np.testing.assert_allclose(
        again.item_vectors, small_camgr.item_vectors, atol=1e-6
    )


def test_new_items_of_a_weighted_recommender(small_camgr):
    weighted = small_camgr.weighted({"image": 3.0})
    features = {m: f[:1] for m, f in small_camgr.features.items()}
    more = add_items(weighted, features, ["new"])
    table = more.recommend("user03", 20)
    for item, score in zip(table["item"], table["score"]):
        expected = more.explain("user03", item).score
        assert score == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("model", ["itemknn", "popularity"])
def test_models_that_count_are_explained_too(small_run, model):
    parameters = {"num_neighbors": 6} if model == "itemknn" else {}
    recommender = load(small_run(model, **parameters))
    first = recommender.recommend("user03", 1).iloc[0]
    explanation = recommender.explain("user03", first["item"])
    assert explanation.score == pytest.approx(first["score"], rel=1e-4)
    assert "taste" in explanation.sentence

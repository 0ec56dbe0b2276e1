import copy

import numpy as np
import pandas as pd
import pytest

from camgr_tf.serving.page_content import PageContent


@pytest.fixture(scope="module")
def content(small_camgr):
    return PageContent(small_camgr)


def test_users_with_a_history_are_offered(content):
    assert content.user_ids() == [f"user{u:02}" for u in range(29)]


def test_items_are_found_by_title_popular_first(content, small_camgr):
    found = content.find_items("title 2")
    # Titles 2 and 20 to 23, each "Title 2..." or with a 2 in the id.
    assert {"item02", "item20", "item21", "item22", "item23"} <= set(found)
    assert "item01" not in content.find_items("title 2")
    counts = small_camgr.popularity[small_camgr.catalog.items(found)]
    assert (np.diff(counts) <= 0).all()
    assert content.find_items("no such words") == []


def test_bought_and_recommended(content, small_camgr):
    bought = content.bought("user03")
    assert [int(name[-2:]) for name in bought] == small_camgr.seen.of(
        3
    ).tolist()
    table = content.recommend("user03", [], k=4)
    assert table.equals(small_camgr.recommend("user03", 4))
    basket = content.recommend(None, ["item02"], k=4)
    assert basket.equals(small_camgr.recommend_for_items(["item02"], 4))


def test_the_weight_moves_scores(content):
    plain = content.recommend("user03", [], 0.5, k=19)
    moved = content.recommend("user03", [], 1.0, k=19)
    assert set(plain["item"]) == set(moved["item"])
    assert not np.allclose(plain["score"], moved["score"])
    # Image twice and text not at all.
    vectors = content.recommender.weighted({"image": 2, "text": 0})
    first = int(moved["item"][0][-2:])
    expected = vectors.user_vectors[3] @ vectors.item_vectors[first]
    assert moved["score"][0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("user", ["user03", None])
def test_the_reason_is_by_the_weights_of_the_list(content, user):
    for weight in (0.0, 0.5, 0.9):
        table = content.recommend(user, ["item02", "item05"], weight, k=5)
        for item, score in zip(table["item"], table["score"]):
            _, _, parts, _, _ = content.explain(
                user, ["item02", "item05"], item, weight
            )
            assert parts["score"][0] == pytest.approx(score, abs=1e-4)
            assert parts["score"][1:].sum() == pytest.approx(score, abs=1e-3)


def test_a_gallery_has_a_picture_for_each_item(content):
    gallery = content.gallery(["item02", "item05"], ["a", "b"])
    assert [caption for _, caption in gallery] == [
        "a · Title 2\nitem02",
        "b · Title 5\nitem05",
    ]
    # The data have no pictures.
    assert all(picture.size == (96, 96) for picture, _ in gallery)


def test_an_explanation_adds_up(content):
    sentence, near, parts, changes, table = content.explain(
        "user03", [], "item04"
    )
    assert parts["part"].tolist() == ["score", "id", "image", "text"]
    assert parts["score"][1:].sum() == pytest.approx(
        parts["score"][0], abs=1e-3
    )
    assert changes["without"].tolist() == ["image", "text"]
    assert len(near) == len(table) == 6
    assert near[0][1].startswith("picture · ")
    assert table["by"].tolist() == ["picture"] * 3 + ["description"] * 3
    _, near, *_ = content.explain(None, ["item02"], "item04")
    assert len(near) == 2


def test_the_page_says_the_words_of_the_recommender(content, small_camgr):
    sentence, *_ = content.explain("user03", [], "item04")
    assert sentence == small_camgr.explain("user03", "item04").sentence


@pytest.fixture
def priced(small_camgr):
    """Prices 0 to 23, categories even and odd, one field of each empty."""
    catalog = copy.copy(small_camgr.catalog)
    catalog.columns = pd.DataFrame(
        {
            "price": ["", *map(str, range(1, 24))],
            "category": [*["even", "odd"] * 11, "even", ""],
        }
    )
    recommender = copy.copy(small_camgr)
    recommender.catalog = catalog
    return PageContent(recommender)


def test_price_and_category_are_shown_and_filter(priced, content):
    captions = [c for _, c in priced.gallery(["item00", "item05", "item23"])]
    assert captions == [
        "Title 0\nitem00\neven",
        "Title 5\nitem05\n5 · odd",
        "Title 23\nitem23\n23",
    ]
    assert (
        priced.categories() == ["even", "odd"] and priced.highest_price() == 23
    )
    assert content.categories() == [] and content.highest_price() is None
    # Odd and at most 5: items 1, 3 and 5, fewer than the twelve asked for.
    where = priced.where("odd", 5)
    for user, basket in (("user04", []), (None, ["item02"])):
        table = priced.recommend(user, basket, where=where)
        assert sorted(table["item"]) == ["item01", "item03", "item05"]
    assert priced.recommend(None, [], where=priced.where("odd", 0)).empty
    # The dearest item's price is no limit: items without one stay.
    assert priced.where() == priced.where(None, 23) == {}


def test_who_is_not_known_is_named(content):
    assert content.unknown_user("user03") == ""
    text = content.unknown_user("user3")
    assert text.startswith("There is no customer 'user3' (did you mean 'user")
    assert content.unknown_user(None).startswith("There is no customer ''.")


def test_examples_are_of_the_shortest_and_longest_history(content):
    counts = content.recommender.seen.counts
    examples = content.examples()
    places = {
        label: content.recommender.catalog.users([user])[0]
        for label, (_, user, _) in examples.items()
    }
    assert counts[places["A long history"]] == counts.max()
    assert counts[places["A short history"]] == counts[counts > 0].min()
    assert len(examples["A basket of two"][2]) == 2
    assert not content.has_history(None, []) and content.has_history(
        "user03", []
    )
    assert not content.has_history("user29", [])

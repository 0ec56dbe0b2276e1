import numpy as np
import pytest

from camgr_tf.serving.added_items import add_items


def rows_of(recommender, *places):
    return {m: f[list(places)] for m, f in recommender.features.items()}


def test_known_vectors_stay_and_new_items_are_placed(small_camgr):
    features = rows_of(small_camgr, 4, 9)
    more = add_items(small_camgr, features, ["new1", "new2"], ["One", "Two"])
    assert more.num_items == 26 and small_camgr.num_items == 24
    np.testing.assert_array_equal(
        more.item_vectors[:24], small_camgr.item_vectors
    )
    table = more.recommend("user03", k=26, exclude_seen=False)
    assert {"new1", "new2"} < set(table["item"])
    titles = dict(zip(table["item"], table["title"]))
    assert titles["new1"] == "One"
    # The double of item 4 is nearest to it by features.
    assert more.similar_items("new1", 1, by="text")["item"][0] == "item04"


def test_an_added_item_is_placed_as_one_of_the_catalog_is(small_camgr):
    # Item 23 is in the data without users: added again it is the same.
    more = add_items(small_camgr, rows_of(small_camgr, 23), ["again"])
    np.testing.assert_allclose(
        more.item_vectors[24], more.item_vectors[23], atol=1e-6
    )


def test_items_added_together_do_not_see_each_other(small_camgr):
    one = add_items(small_camgr, rows_of(small_camgr, 4), ["a"])
    crowd = ["a", "b", "c"]
    many = add_items(small_camgr, rows_of(small_camgr, 4, 4, 4), crowd)
    np.testing.assert_allclose(
        many.item_vectors[24], one.item_vectors[24], atol=1e-6
    )


def test_a_basket_of_new_items_alone_has_a_vector(small_camgr):
    more = add_items(small_camgr, rows_of(small_camgr, 4), ["a"])
    assert len(more.recommend_for_items(["a"], k=3)) == 3
    assert len(more.recommend_for_items(["a", "item04"], k=3)) == 3


def test_errors_say_what_came(small_camgr):
    features = rows_of(small_camgr, 4)
    with pytest.raises(ValueError, match="'item04' twice"):
        add_items(small_camgr, features, ["item04"])
    with pytest.raises(ValueError, match=r"modalities \['image', 'text'\]"):
        add_items(small_camgr, {"text": features["text"]}, ["a"])
    with pytest.raises(ValueError, match=r"shape \(2, 6\).*shape \(1, 6\)"):
        add_items(small_camgr, features, ["a", "b"])
    features["text"] = features["text"] * np.nan
    with pytest.raises(ValueError, match="must be finite"):
        add_items(small_camgr, features, ["a"])

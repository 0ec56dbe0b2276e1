import numpy as np
import pytest

from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset

SMALL = {
    "camgr": {"num_neighbors": 3},
    "camgr_attention": {"num_neighbors": 3},
    "camgr_paper": {"num_neighbors": 3},
    "freedom": {"num_neighbors": 3},
    "mgcn": {"num_neighbors": 3},
    "pgl": {"num_neighbors": 3},
    "pgl_global": {"num_neighbors": 3},
    "micro": {"num_neighbors": 3},
    "smore": {"num_neighbors": 3},
}
ITEM_PARTS = {
    "bm3": {"id"},
    "camgr": {"id", "image", "text"},
    "camgr_attention": {"id", "common", "distinct"},
    "camgr_paper": {"id", "common", "distinct"},
    "freedom": {"id", "image", "text"},
    "grcn": {"id", "image", "text"},
    "lightgcn": {"id"},
    "mf": {"id"},
    "mgcn": {"id", "common", "distinct"},
    "micro": {"id", "image", "text"},
    "mmgcn": {"image", "text"},
    "pgl": {"image", "text"},
    "pgl_global": {"image", "text"},
    "slmrec": {"id", "image", "text", "bias"},
    "smore": {"id", "common", "image", "text"},
    "vbpr": {"id", "image", "text", "bias"},
}


def build(name, **parameters):
    dataset = tiny_dataset()
    parameters = {**SMALL.get(name, {}), **parameters}
    return MODELS[name](dataset, embedding_dim=4, **parameters), dataset


def parts_of(model):
    """The users' and the items' summands, each by name."""
    return tuple(
        {n: p[side] for n, p in model.parts().items() if p[side] is not None}
        for side in (0, 1)
    )


@pytest.mark.parametrize("name", sorted(ITEM_PARTS))
def test_parts_add_up_to_the_final_vectors(name):
    model, dataset = build(name)
    user_parts, item_parts = parts_of(model)
    users, items = (np.asarray(v) for v in model.embed())
    np.testing.assert_allclose(sum(user_parts.values()), users, atol=1e-5)
    np.testing.assert_allclose(sum(item_parts.values()), items, atol=1e-5)
    assert set(item_parts) == ITEM_PARTS[name]
    # No part but a bias that starts at zero is empty.
    for part, values in item_parts.items():
        assert part == "bias" or np.abs(values).max() > 0


def test_mean_fusion_splits_into_modalities():
    model, _ = build("camgr")
    model.fusion.logits.assign([0.0, np.log(3.0)])
    _, item_parts = parts_of(model)
    # Softmax of (0, log 3) is (1/4, 3/4).
    text = np.asarray(model.modal_states(model.graphs)["text"])[
        model.num_users :
    ]
    np.testing.assert_allclose(item_parts["text"], 0.75 * text, atol=1e-6)


def test_vbpr_leaves_a_modality_out_as_zero_features_would():
    model, dataset = build("vbpr")
    features = np.array(model.features)  # text (4) first, then image (5)
    features[:, 4:] = 0.0
    expected = np.asarray(model.projection(features))
    users, items = model.parts_without("image")
    np.testing.assert_allclose(items[:, 4:], expected, atol=1e-5)
    np.testing.assert_allclose(users, np.asarray(model.user_table))


@pytest.mark.parametrize("name", ["camgr", "camgr_attention", "mgcn", "smore"])
def test_without_a_modality_its_features_do_not_matter(name):
    model, dataset = build(name)
    users, items = model.parts_without("image")
    before = np.asarray(model.embed()[1])
    assert np.abs(items - before).max() > 1e-4
    if name.startswith("camgr"):
        model.features["image"] = -model.features["image"]
    else:
        table = model.feature_tables["image"]
        table.assign(-np.array(table))
    again = model.parts_without("image")
    np.testing.assert_allclose(again[0], users, atol=1e-6)
    np.testing.assert_allclose(again[1], items, atol=1e-6)


@pytest.mark.parametrize("name", ["mf", "lightgcn", "bm3"])
def test_a_ranking_without_content_does_not_change(name):
    model, dataset = build(name)
    users, items = model.parts_without("text")
    np.testing.assert_array_equal(users, np.asarray(model.embed()[0]))
    np.testing.assert_array_equal(items, np.asarray(model.embed()[1]))


def test_what_a_modality_adds_is_not_known_of_an_own_model():
    class Own(LightGCN):
        """Might mix content into `embed`."""

    model = Own(tiny_dataset(), embedding_dim=4)
    assert model.parts_without("text") is None

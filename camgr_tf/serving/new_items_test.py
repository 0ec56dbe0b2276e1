import numpy as np
import pytest

from camgr_tf.registry import MODELS
from camgr_tf.serving.new_items import item_vectors
from camgr_tf.serving.semantic_neighbors import graph_totals
from camgr_tf.serving.semantic_neighbors import semantic_rows
from camgr_tf.testing import tiny_dataset

WARM = np.arange(9) < 8  # item 8 has no user in training
NO_SELF = {"num_heads": 2, "num_neighbors": 3, "include_self": False}


def build(name, **parameters):
    dataset = tiny_dataset()
    return dataset, MODELS[name](dataset, embedding_dim=4, **parameters)


def forget_item(model, item):
    """Sets to zero what a model stores about an item, features aside."""
    for variable in model.weights:
        name = variable.path.split("/")[-1]
        if len(variable.shape) != 2 or name.endswith("_features"):
            continue
        first = {
            model.num_items: 0,
            model.num_users + model.num_items: model.num_users,
        }.get(variable.shape[0])
        if first is not None:
            values = np.array(variable)
            values[first + item] = 0.0
            variable.assign(values)


def own_features(dataset, item):
    return {m: f[item : item + 1] for m, f in dataset.features.items()}


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("vbpr", {}),
        ("slmrec", {}),
        ("mmgcn", {}),
        ("grcn", {}),
        ("bm3", {}),
        ("camgr", NO_SELF),
        ("camgr", {**NO_SELF, "semantic_normalization": "symmetric"}),
        ("camgr", {**NO_SELF, "encoder": "attention"}),
        ("camgr", {**NO_SELF, "attention": "nodes"}),
        ("camgr", {**NO_SELF, "fusion": "mean"}),
        ("camgr", {**NO_SELF, "num_modal_layers": 2}),
    ],
)
def test_equals_the_models_own_vector_of_a_cold_item_without_id(
    name, parameters
):
    # Without self, item 8's neighbors in the graph are all warm already.
    dataset, model = build(name, **parameters)
    forget_item(model, 8)
    expected = np.asarray(model.embed()[1])[8]
    vectors = np.asarray(
        item_vectors(model, dataset, own_features(dataset, 8), WARM)
    )
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["mf", "lightgcn"])
def test_a_model_without_content_gives_zeros(name):
    dataset, model = build(name)
    vectors = item_vectors(model, dataset, own_features(dataset, 8), WARM)
    assert vectors.shape == (1, 4)
    assert not vectors.any()


@pytest.mark.parametrize("name", ["mgcn", "micro", "camgr"])
def test_the_double_of_a_warm_item_gets_its_content(name):
    # One neighbor, itself: the graph is the identity for warm items, and a
    # new item with the features of item 2 sees item 2 alone.
    # The default's attention asks with the ID, of which a new item has none.
    content = {"num_heads": 2, "num_modal_layers": 0, "attention": "channel"}
    arguments = content if name == "camgr" else {}
    dataset, model = build(name, num_neighbors=1, **arguments)
    if name == "micro":
        states = np.asarray(model.item_table)[2]
        # Both graphs lead to item 2 in each modality: h is its embedding.
        expected = states / np.linalg.norm(states)
    elif name == "mgcn":
        modal = {
            m: s[model.num_users + 2 :][:1]
            for m, s in model.modal_states().items()
        }
        expected = np.asarray(model.side(np.zeros((1, 4), "float32"), modal))[0]
    else:
        # Gates of a zero ID embedding differ from item 2's: compare what
        # does not depend on them, by setting the gates' kernels to zero.
        for gate in model.fusion.gates.values():
            gate.kernel.assign(np.zeros((4, 4)))
        fused = model.fuse(model.encode(), model.modal_states(), rows=None)
        expected = np.asarray(fused)[model.num_users + 2]
    vectors = np.asarray(
        item_vectors(model, dataset, own_features(dataset, 2), WARM)
    )
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-4, atol=1e-6)


def test_semantic_rows_by_hand():
    features = np.array([[1, 0], [0, 2], [3, 3], [1, 0]], "float32")
    warm = np.array([True, True, True, False])
    new = np.array([[5, 0], [0, 0]], "float32")
    # Cosines to items 0, 1, 2: 1, 0, 1/sqrt(2); item 3 is not warm.
    root = np.sqrt(0.5)
    total = 1 + root
    rows = semantic_rows(features, new, warm, 2)
    np.testing.assert_allclose(
        rows.toarray(),
        [[1 / total, 0, root / total, 0], [0, 0, 0, 0]],
        rtol=1e-6,
    )
    rows = semantic_rows(features, new, warm, 2, np.array([4.0, 1, 9, 1]))
    np.testing.assert_allclose(
        rows.toarray()[0],
        [1 / np.sqrt(4 * total), 0, root / np.sqrt(9 * total), 0],
        rtol=1e-6,
    )


def test_graph_totals_are_the_sums_of_kept_similarities():
    dataset, model = build(
        "camgr",
        num_heads=2,
        num_neighbors=3,
        semantic_normalization="symmetric",
    )
    rows = dataset.features["text"].astype("float64")
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = -np.sort(-(rows @ rows.T), axis=1)[:, :3]
    expected = np.maximum(kept, 0).sum(axis=1)
    totals = graph_totals(model.item_graphs["text"])
    np.testing.assert_allclose(totals, expected, rtol=1e-5)

import dataclasses

import numpy as np
import pytest

from camgr_tf.graphs import semantic_matrix
from camgr_tf.models.fold_in import ItemNeighbors
from camgr_tf.ops import Adjacency
from camgr_tf.registry import find_model
from camgr_tf.research import readings
from camgr_tf.testing import tiny_dataset

WARM = np.arange(9) < 8  # item 8 has no user in training
NO_SELF = {"num_neighbors": 3}


class SymmetricWithoutSelf(readings.SymmetricItemGraph):
    def make_item_graph(self, features):
        k = self.num_neighbors
        return Adjacency(semantic_matrix(features, k, False, "symmetric"))


class AttentionWithoutSelf(
    readings.WithoutSelfNeighbor, readings.GraphAttentionEncoder
):
    pass


class NodesWithoutSelf(readings.WithoutSelfNeighbor, readings.NodeAttention):
    pass


class MeanWithoutSelf(readings.WithoutSelfNeighbor, readings.MeanOfModalities):
    pass


def build(name, **parameters):
    dataset = tiny_dataset()
    return dataset, find_model(name)(dataset, embedding_dim=4, **parameters)


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


def embed_items(model, dataset, features, warm=WARM):
    neighbors = ItemNeighbors(dataset.features, warm)
    return np.asarray(model.embed_items(features, neighbors))


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
        (readings.WithoutSelfNeighbor, NO_SELF),
        (SymmetricWithoutSelf, NO_SELF),
        (AttentionWithoutSelf, NO_SELF),
        (NodesWithoutSelf, NO_SELF),
        (MeanWithoutSelf, NO_SELF),
        (readings.WithoutSelfNeighbor, {**NO_SELF, "num_modal_layers": 2}),
    ],
)
def test_equals_the_models_own_vector_of_a_cold_item_without_id(
    name, parameters
):
    # Without self, item 8's neighbors in the graph are all warm already.
    dataset, model = build(name, **parameters)
    forget_item(model, 8)
    expected = np.asarray(model.embed()[1])[8]
    vectors = embed_items(model, dataset, own_features(dataset, 8))
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["mf", "lightgcn"])
def test_a_model_without_content_gives_zeros(name):
    dataset, model = build(name)
    vectors = embed_items(model, dataset, own_features(dataset, 8))
    assert vectors.shape == (1, 4)
    assert not vectors.any()


@pytest.mark.parametrize("name", ["mgcn", "micro", "camgr"])
def test_the_double_of_a_warm_item_gets_its_content(name):
    # One neighbor, itself: the graph is the identity for warm items, and a
    # new item with the features of item 2 sees item 2 alone.
    # The default's query is the ID state, of which a new item has none.
    arguments = {"num_modal_layers": 0} if name == "camgr" else {}
    built = readings.ChannelAttention if name == "camgr" else name
    dataset, model = build(built, num_neighbors=1, **arguments)
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
        _, fused = model.states(model.graphs)
        expected = np.asarray(fused)[model.num_users + 2]
    vectors = embed_items(model, dataset, own_features(dataset, 2))
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-4, atol=1e-6)


def crowded_dataset():
    """Items 0 to 9 and 12 have equal features, so that 12 is not among its
    own ten neighbors; so do 10 and 11, and 13 is alone.
    """
    dataset = tiny_dataset((("text", 3),))
    rng = np.random.default_rng(1)
    features = np.tile(rng.normal(size=3), (14, 1)).astype("float32")
    features[10:12] = rng.normal(size=3)
    features[13] = rng.normal(size=3)
    return dataclasses.replace(
        dataset,
        interactions=dataclasses.replace(dataset.interactions, num_items=14),
        features={"text": features},
    )


def oracle_row(features, new, warm, k):
    """The symmetric graph's row of one new item, from its definition."""
    unit = features.astype("float64")
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    new = new.astype("float64") / np.linalg.norm(new)
    cosines = np.maximum(np.float32(unit @ unit.T), 0)
    degrees = -np.sort(-cosines, axis=1)[:, :k].sum(axis=1)
    own = np.where(warm, np.float32(unit @ new), -np.inf)
    kept = np.argsort(-own, kind="stable")[:k]
    weights = np.maximum(own[kept], 0)
    row = np.zeros(len(features))
    row[kept] = weights / np.sqrt(weights.sum() * degrees[kept])
    return row


@pytest.mark.parametrize("name", ["mgcn", "micro", "camgr"])
def test_weights_are_by_the_true_degree_of_crowded_items(name):
    dataset = crowded_dataset()
    arguments = {"num_neighbors": 10, "embedding_dim": 4}
    if name == "micro":
        arguments["initial_graph_weight"] = 1.0
    symmetric = readings.SymmetricItemGraph
    model_class = symmetric if name == "camgr" else find_model(name)
    model = model_class(dataset, **arguments)
    # Item 12 and its doubles of larger id are those that count.
    warm = np.isin(np.arange(14), [10, 11, 12, 13])
    new = dataset.features["text"][12:13] + np.float32(0.1)
    row = oracle_row(dataset.features["text"], new[0], warm, 10)
    neighbors = ItemNeighbors(dataset.features, warm)
    graph = {
        "mgcn": lambda: model.item_graphs,
        "micro": lambda: model.initial_graphs,
        "camgr": lambda: model.item_graphs,
    }[name]()["text"]
    received = neighbors.rows("text", new, 10, graph).toarray()[0]
    np.testing.assert_allclose(received, row, rtol=1e-5)
    vectors = embed_items(model, dataset, {"text": new}, warm)
    if name == "micro":
        expected = row @ np.asarray(model.item_table)
        expected /= np.linalg.norm(expected)
        np.testing.assert_allclose(vectors[0], expected, rtol=1e-4)
    elif name == "mgcn":
        # One modality: the side is half of its content.
        content = row @ np.asarray(model.gated("text"))
        np.testing.assert_allclose(vectors[0], content / 2, rtol=1e-4)


def test_micros_learned_degrees_are_those_of_its_graph():
    dataset = crowded_dataset()
    model = find_model("micro")(
        dataset, num_neighbors=10, embedding_dim=4, initial_graph_weight=0.0
    )
    warm = np.isin(np.arange(14), [10, 11, 12, 13])
    new = dataset.features["text"][12:13] + np.float32(0.1)
    project = model.projections["text"]
    row = oracle_row(
        np.asarray(project(dataset.features["text"])),
        np.asarray(project(new))[0],
        warm,
        10,
    )
    expected = row @ np.asarray(model.item_table)
    vectors = embed_items(model, dataset, {"text": new}, warm)
    np.testing.assert_allclose(
        vectors[0], expected / np.linalg.norm(expected), rtol=1e-4
    )


@pytest.mark.parametrize("name", ["freedom", "pgl"])
@pytest.mark.parametrize("num_item_layers", [1, 2])
def test_means_of_neighbors_by_numpy(name, num_item_layers):
    dataset = tiny_dataset()
    model = find_model(name)(
        dataset,
        embedding_dim=4,
        num_neighbors=3,
        num_item_layers=num_item_layers,
    )
    graph = np.zeros((9, 9))
    row = np.zeros(9)
    for m, weight in (("image", 0.1), ("text", 0.9)):
        unit = dataset.features[m].astype("float64")
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        for item in range(9):
            graph[item, np.argsort(-(unit @ unit[item]))[:3]] += weight / 3
        row[np.argsort(-(unit[:8] @ unit[8]))[:3]] += weight / 3
    if name == "freedom":
        states, own = np.asarray(model.item_table), np.zeros(4)
    else:
        parts = []
        for m in ("image", "text"):
            part = np.asarray(model.projections[m](dataset.features[m]))
            parts.append(part / np.linalg.norm(part, axis=1, keepdims=True))
        states = np.concatenate(parts, axis=1)
        own = states[8] / 3  # two layers without neighbors
    if num_item_layers == 2:
        states = graph @ states
    vectors = embed_items(model, dataset, own_features(dataset, 8))
    np.testing.assert_allclose(vectors[0], own + row @ states, rtol=1e-4)

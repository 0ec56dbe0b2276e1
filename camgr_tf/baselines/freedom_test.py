from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.freedom import FREEDOM
from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

WIDTHS = [
    (("image", 5), ("text", 4)),
    (("text", 4),),
    (("image", 5), ("audio", 3), ("text", 4)),
]


def build(dataset, **parameters):
    """A model whose values leave the range in which losses are linear."""
    model = FREEDOM(dataset, num_neighbors=4, embedding_dim=6, **parameters)
    for table in (model.user_table, model.item_table):
        table.assign(2.0 * np.asarray(table))
    return model


def expected_embeddings(model, dataset, graph, read=oracle.read):
    items = read(model.item_table)
    nodes = np.concatenate([read(model.user_table), items])
    nodes = oracle.lightgcn(graph, nodes, model.num_layers)
    smoothed = items
    for _ in range(model.num_item_layers):
        smoothed = (
            oracle.blended(dataset.features, 4, model.first_weight) @ smoothed
        )
    return nodes[:7], nodes[7:] + smoothed


def expected_terms(model, dataset, read=oracle.read):
    graph = oracle.sampled(model.edge_sampling)
    users, items = expected_embeddings(model, dataset, graph, read)
    u, i, j = tiny_batch().values()
    contents = [
        oracle.affine(model.projections[m], read)(read(model.feature_tables[m]))
        for m in model.modalities
    ]
    return {
        "bpr": oracle.bpr(users[u], items[i], items[j]),
        "modality_bpr": model.modality_weight
        * sum(oracle.bpr(users[u], z[i], z[j]) for z in contents),
    }


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
@pytest.mark.parametrize("num_item_layers", [1, 2])
def test_embeddings_agree_with_the_oracle(widths, num_item_layers):
    dataset = tiny_dataset(widths)
    model = build(dataset, num_item_layers=num_item_layers, first_weight=0.3)
    whole = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    for training, graph in (
        (False, whole),
        (True, oracle.sampled(model.edge_sampling)),
    ):
        expected = expected_embeddings(model, dataset, graph)
        for found, values in zip(model.embed(training), expected):
            np.testing.assert_allclose(found, values, atol=1e-5)


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_loss_and_gradients_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    model = build(dataset, modality_weight=0.7, edge_dropout=0.5)
    model.begin_epoch(2)
    terms = model.loss_terms(**tiny_batch())
    expected = expected_terms(model, dataset)
    assert list(terms) == list(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name
    oracle.assert_gradients(
        model.trainable_variables,
        lambda: sum(model.loss_terms(**tiny_batch()).values()),
        lambda read: sum(expected_terms(model, dataset, read).values()),
    )


def test_item_graph_reproduces_the_fixture():
    dataset = tiny_dataset()
    three = replace(
        dataset,
        interactions=replace(
            dataset.interactions,
            num_items=3,
            train=np.array([[0, 0], [1, 1], [2, 2]], "int32"),
            validation=np.empty((0, 2), "int32"),
            test=np.empty((0, 2), "int32"),
        ),
        features={
            "image": np.array([[1, 0], [0, 1], [2, 1]], "float32"),
            "text": np.array([[1, 0], [1, 0.2], [0, 1]], "float32"),
        },
    )
    graph = FREEDOM(three, num_neighbors=2, edge_dropout=0.0).item_graph
    dense = np.zeros((3, 3))
    dense[graph.targets, graph.sources] = graph.tensor.values
    np.testing.assert_allclose(
        dense, [[0.5, 0.45, 0.05], [0.45, 0.5, 0.05], [0.05, 0.45, 0.5]]
    )


def test_without_its_graphs_it_is_lightgcn():
    dataset = tiny_dataset()
    model = FREEDOM(
        dataset,
        num_neighbors=4,
        edge_dropout=0.0,
        modality_weight=0.0,
    )
    model.smoothed_items = lambda: np.zeros((9, 64), "float32")
    other = LightGCN(dataset, num_layers=2, l2_weight=0.0)
    other.user_table.assign(model.user_table)
    other.item_table.assign(model.item_table)
    everyone = np.arange(7)
    np.testing.assert_allclose(model(everyone), other(everyone), atol=1e-6)
    terms = model.loss_terms(**tiny_batch())
    assert list(terms) == ["bpr"]
    assert float(terms["bpr"]) == pytest.approx(
        float(other.loss_terms(**tiny_batch())["bpr"]), abs=1e-6
    )


def test_a_user_without_training_rows_keeps_a_third_of_its_id():
    model = FREEDOM(tiny_dataset(), num_neighbors=4)
    users, _ = model.embed()
    np.testing.assert_allclose(
        users[6], np.asarray(model.user_table)[6] / 3, atol=1e-6
    )


@pytest.mark.parametrize("edge_dropout, kept", [(0.8, 3), (0.5, 8), (0.9, 1)])
def test_an_epoch_keeps_the_stated_share_of_17_pairs(edge_dropout, kept):
    model = FREEDOM(tiny_dataset(), num_neighbors=4, edge_dropout=edge_dropout)
    assert model.edge_sampling.num_edges == kept


def test_the_share_is_cut_off_in_double_precision():
    # 100 (1 - .9) is 9.99..., of which the released code keeps 9.
    tiny = tiny_dataset()
    pairs = np.stack([np.arange(100) // 9, np.arange(100) % 9], axis=1)
    dataset = replace(
        tiny,
        interactions=replace(
            tiny.interactions, num_users=12, train=pairs.astype("int32")
        ),
    )
    model = FREEDOM(dataset, num_neighbors=4, edge_dropout=0.9)
    assert model.edge_sampling.num_edges == 9


def test_each_epoch_has_its_graph_and_evaluation_the_whole():
    model = FREEDOM(tiny_dataset(), num_neighbors=4, edge_dropout=0.5)
    scores = np.array(model(np.arange(7)))
    losses = []
    for epoch in (0, 1, 2, 1):
        model.begin_epoch(epoch)
        losses.append(float(model.loss_terms(**tiny_batch())["bpr"]))
        np.testing.assert_array_equal(model(np.arange(7)), scores)
    assert losses[1] == losses[3]
    assert len(set(losses)) == 3


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match="FREEDOM needs item features"):
        FREEDOM(replace(tiny_dataset(), features={}))
    for value in (1.0, -0.1, np.nan):
        with pytest.raises(
            ValueError, match=r"`edge_dropout` must be .*in \[0"
        ):
            FREEDOM(tiny_dataset(), num_neighbors=4, edge_dropout=value)

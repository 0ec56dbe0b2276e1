from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.baselines.mf import MF
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam


def expected_states(model, dataset):
    graph = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    tables = [np.asarray(model.user_table), np.asarray(model.item_table)]
    states = np.concatenate(tables).astype("float64")
    return np.split(oracle.lightgcn(graph, states, model.num_layers), [7])


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_embeddings_agree_with_the_oracle(num_layers):
    dataset = tiny_dataset()
    model = LightGCN(dataset, num_layers=num_layers)
    for actual, expected in zip(model.embed(), expected_states(model, dataset)):
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_loss_agrees_with_the_oracle():
    dataset, batch = tiny_dataset(), tiny_batch()
    model = LightGCN(dataset, l2_weight=0.3)
    terms = model.loss_terms(**batch)
    users, items = expected_states(model, dataset)
    assert set(terms) == {"bpr", "l2"}
    assert float(terms["bpr"]) == pytest.approx(
        oracle.bpr(
            users[batch["user_ids"]],
            items[batch["positive_item_ids"]],
            items[batch["negative_item_ids"]],
        ),
        abs=1e-5,
    )
    # The regularizer reads the tables, before propagation.
    users, items = np.asarray(model.user_table), np.asarray(model.item_table)
    assert float(terms["l2"]) == pytest.approx(
        0.3
        * oracle.frobenius(
            users[batch["user_ids"]],
            items[batch["positive_item_ids"]],
            items[batch["negative_item_ids"]],
        ),
        abs=1e-5,
    )


def test_no_layers_is_matrix_factorization():
    model = LightGCN(tiny_dataset(), num_layers=0, l2_weight=0.2)
    factorization = MF(tiny_dataset(), l2_weight=0.2)
    factorization.user_table.assign(model.user_table)
    factorization.item_table.assign(model.item_table)
    everyone = np.arange(7)
    np.testing.assert_array_equal(model(everyone), factorization(everyone))
    terms = factorization.loss_terms(**tiny_batch())
    for name, value in model.loss_terms(**tiny_batch()).items():
        assert float(value) == float(terms[name])


def one_edge():
    tiny = tiny_dataset()
    nothing = np.empty((0, 2), "int32")
    return replace(
        tiny,
        interactions=replace(
            tiny.interactions,
            num_users=1,
            num_items=1,
            train=np.array([[0, 0]], "int32"),
            validation=nothing,
            test=nothing,
        ),
    )


def test_one_edge_and_one_layer_give_the_midpoint():
    model = LightGCN(one_edge(), num_layers=1, embedding_dim=2)
    model.user_table.assign([[1.0, 5.0]])
    model.item_table.assign([[3.0, -1.0]])
    users, items = model.embed()
    # The only neighbor has degree one: (e + v) / 2 at both ends.
    np.testing.assert_allclose(users, [[2.0, 2.0]])
    np.testing.assert_allclose(items, [[2.0, 2.0]])


def test_permuting_items_permutes_scores():
    dataset = tiny_dataset()
    order = np.array([4, 0, 8, 2, 6, 1, 3, 7, 5])  # new id of each item
    train = dataset.interactions.train.copy()
    train[:, 1] = order[train[:, 1]]
    train = train[np.lexsort((train[:, 1], train[:, 0]))]
    renamed = replace(
        dataset, interactions=replace(dataset.interactions, train=train)
    )
    model, other = LightGCN(dataset), LightGCN(renamed)
    other.user_table.assign(model.user_table)
    table = np.empty((9, 64), "float32")
    table[order] = np.asarray(model.item_table)
    other.item_table.assign(table)
    everyone = np.arange(7)
    np.testing.assert_allclose(
        np.asarray(other(everyone))[:, order], model(everyone), atol=1e-6
    )


def test_step_moves_neighbors_but_no_isolated_node():
    model = LightGCN(tiny_dataset())
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(["bpr", "l2"])
    users = np.asarray(model.user_table).copy()
    model.train_step(tiny_batch())
    moved = np.any(np.asarray(model.user_table) != users, axis=1)
    # Users 1, 3 and 4 are not in the batch but share items with those who
    # are; user 6 has no edge.
    assert set(np.flatnonzero(moved)) == {0, 1, 2, 3, 4, 5}

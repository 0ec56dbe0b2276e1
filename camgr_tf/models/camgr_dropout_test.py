"""Training with dropout against the equations with the masks that it drew."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from camgr_tf.graphs import bipartite_matrix
from camgr_tf.models import CAmgrAttention
from camgr_tf.models.camgr_test import NUM_USERS
from camgr_tf.models.camgr_test import encode
from camgr_tf.models.camgr_test import fused_states
from camgr_tf.models.camgr_test import make_model
from camgr_tf.testing import numpy_reference as reference
from camgr_tf.testing import tiny_batch

RATE = 0.4
BATCH = tiny_batch()
PAIRS = set(
    zip(BATCH["user_ids"].tolist(), BATCH["positive_item_ids"].tolist())
)


@pytest.fixture
def masks(monkeypatch):
    """The factors that dropout drew, one array a call."""
    drawn, dropout = [], keras.random.dropout

    def recorded(values, rate, seed):
        assert rate == RATE
        mask = dropout(tf.ones_like(values), rate, seed=seed)
        drawn.append(np.float64(mask))
        return values * mask

    monkeypatch.setattr(keras.random, "dropout", recorded)
    return drawn


def layer_matrix(dataset, mask, left_out=()):
    """One layer of the encoder, `(num_nodes, num_nodes)`."""
    edges = bipartite_matrix(dataset.interactions).toarray() != 0
    degrees = edges.sum(axis=1)
    matrix = np.zeros(edges.shape)
    for factor, (n, i) in zip(mask, np.argwhere(edges), strict=True):
        if (min(n, i), max(n, i) - NUM_USERS) not in left_out:
            matrix[n, i] = factor / np.sqrt(degrees[n] * degrees[i])
    return matrix


def encoder_matrix(dataset, masks, left_out=()):
    """The encoder as one matrix, of a mask for each layer."""
    products = [np.eye(len(bipartite_matrix(dataset.interactions).toarray()))]
    for mask in masks:
        layer = layer_matrix(dataset, mask, left_out)
        products.append(layer @ products[-1])
    return np.mean(products, axis=0)


def mean_matrix(edges, mask):
    """Means over the neighbors of a node, `edges.shape`, of a mask."""
    matrix = np.zeros(edges.shape)
    for factor, (n, i) in zip(mask, np.argwhere(edges), strict=True):
        matrix[n, i] = factor / np.sum(edges[n])
    return matrix


def tables(model):
    return np.concatenate(
        [np.float64(model.user_table), np.float64(model.item_table)]
    )


def expected_softmax(final):
    users, items = final[:NUM_USERS], final[NUM_USERS:]
    users = users[BATCH["user_ids"]]
    own = np.sum(users * items[BATCH["positive_item_ids"]], axis=1)
    others = users @ items[BATCH["negative_item_ids"]].T
    logits = np.column_stack([own, others])
    return -np.mean(log_softmax(logits, axis=1)[:, 0])


def test_edge_dropout_and_its_gradient_equal_the_drawn_layers(masks):
    model, dataset = make_model(edge_dropout=RATE, num_layers=3)
    upstream = np.random.default_rng(5).normal(size=(16, 8))
    variables = [model.user_table.value, model.item_table.value]
    with tf.GradientTape() as tape:
        nodes = model.encode(model.graphs, training=True)
        loss = tf.reduce_sum(nodes * upstream.astype("float32"))
    gradients = tape.gradient(loss, variables)
    assert len(masks) == 3
    for mask in masks:
        assert set(np.round(mask, 5)) == {0.0, np.round(1 / (1 - RATE), 5)}
    matrix = encoder_matrix(dataset, masks)
    np.testing.assert_allclose(nodes, matrix @ tables(model), 1e-4, 1e-5)
    expected = matrix.T @ upstream
    found = np.concatenate([tf.convert_to_tensor(g) for g in gradients])
    np.testing.assert_allclose(found, expected, 1e-4, 1e-5)


def test_training_embeddings_equal_the_equations_with_the_drawn_edges(masks):
    model, dataset = make_model(edge_dropout=RATE)
    result = np.concatenate(model.embed(training=True))
    nodes = encoder_matrix(dataset, masks) @ tables(model)
    expected = nodes + fused_states(model, dataset, nodes)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


def test_the_loss_equals_the_equations_with_the_drawn_edges(masks):
    model, dataset = make_model(edge_dropout=RATE)
    loss = float(model.loss_terms(**BATCH)["softmax"])
    assert len(masks) == model.num_layers
    nodes = encoder_matrix(dataset, masks, PAIRS) @ tables(model)
    final = nodes + fused_states(model, dataset, nodes, PAIRS, PAIRS)
    assert loss == pytest.approx(expected_softmax(final), rel=1e-3)


def test_modal_states_equal_the_equations_with_the_drawn_edges(masks):
    model, dataset = make_model(modal_edge_dropout=RATE, num_modal_layers=2)
    found = model.modal_states(model.graphs, training=True)
    nodes, item_users, user_items = masks
    edges = bipartite_matrix(dataset.interactions).toarray() != 0
    bought = edges[:NUM_USERS, NUM_USERS:]
    layer = layer_matrix(dataset, nodes)
    users, items = np.float64(model.user_table), np.float64(model.item_table)
    behavior = items + mean_matrix(bought.T, item_users) @ users
    for modality, features in dataset.features.items():
        weights = reference.named_weights(model.purifiers[modality])
        purified = reference.purify(weights, features, behavior)
        own = reference.semantic_graph(features, 4) @ purified
        first = np.concatenate([mean_matrix(bought, user_items) @ own, own])
        expected = (first + layer @ first + layer @ layer @ first) / 3
        np.testing.assert_allclose(found[modality], expected, 1e-4, 1e-5)


def test_fusion_dropout_equals_the_equations_with_the_drawn_masks():
    model, dataset = make_model(CAmgrAttention, fusion_dropout=RATE)
    drop, drawn = model.fusion.drop, []

    def recorded(states, training):
        assert training
        mask = drop(tf.ones_like(states), training=training)
        drawn.append(np.float64(mask))
        return states * mask

    object.__setattr__(model.fusion, "drop", recorded)
    result = np.concatenate(model.embed(training=True))
    masks = dict(zip(("common", "distinct"), drawn, strict=True))
    for mask in masks.values():
        assert set(np.round(mask.ravel(), 5)) == {0.0, 1.66667}
    nodes = encode(model, dataset)
    fused = fused_states(
        model,
        dataset,
        nodes,
        dropped=lambda branch, attended: attended * masks[branch],
    )
    np.testing.assert_allclose(result, nodes + fused, rtol=1e-3, atol=1e-4)

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from camgr_tf.baselines.bm3 import BM3
from camgr_tf.baselines.bm3 import distance
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam

TERMS = ["reconstruction", "contrastive", "l2"]


def expected_states(model, dataset):
    """`H_u`, `H_i` and the projected features, by the formulas."""
    graph = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    items = np.asarray(model.item_table, "float64")
    states = np.concatenate([np.asarray(model.user_table), items])
    users, propagated = np.split(
        oracle.lightgcn(graph, states, model.num_layers), [7]
    )
    content = [
        oracle.dense(model.projections[m])(features.astype("float64"))
        for m, features in dataset.features.items()
    ]
    return users, propagated + items, content


def cosine_distance(x, y):
    return 1 - np.mean(np.sum(oracle.unit_rows(x) * oracle.unit_rows(y), 1))


def expected_terms(model, dataset, batch, masks):
    users, items, content = expected_states(model, dataset)
    u, i = batch["user_ids"], batch["positive_item_ids"]
    predict = oracle.dense(model.predictor)
    user_targets, item_targets, *content_targets = (
        states * mask for states, mask in zip([users, items, *content], masks)
    )
    contrastive = sum(
        cosine_distance(predict(c)[i], item_targets[i])
        + cosine_distance(predict(c)[i], targets[i])
        for c, targets in zip(content, content_targets)
    )
    return {
        "reconstruction": cosine_distance(predict(users)[u], item_targets[i])
        + cosine_distance(predict(items)[i], user_targets[u]),
        "contrastive": model.contrastive_weight * contrastive,
        "l2": model.l2_weight * oracle.frobenius(users, items),
    }


@pytest.fixture
def drawn_masks(monkeypatch):
    """The dropout masks of a step, in the order in which they are drawn."""
    masks = []
    draw = keras.random.dropout

    def recording(*args, **kwargs):
        mask = draw(*args, **kwargs)
        masks.append(np.asarray(mask))
        return mask

    monkeypatch.setattr(keras.random, "dropout", recording)
    return masks


@pytest.mark.parametrize("num_layers", [1, 2])
def test_embeddings_agree_with_the_oracle(num_layers):
    dataset = tiny_dataset()
    model = BM3(dataset, num_layers=num_layers)
    expected = expected_states(model, dataset)
    predict = oracle.dense(model.predictor)
    for actual, states in zip(model.embed(), expected[:2]):
        np.testing.assert_allclose(actual, predict(states), atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.3, 0.5])
def test_loss_agrees_with_the_oracle(drawn_masks, dropout):
    dataset, batch = tiny_dataset(), tiny_batch()
    batch["positive_item_ids"][3] = 4  # item 4 occurs twice
    model = BM3(dataset, dropout=dropout, contrastive_weight=1.7)
    terms = model.loss_terms(**batch)
    # One mask each for users, items, image and text.
    assert [m.shape for m in drawn_masks] == [(7, 64)] + 3 * [(9, 64)]
    for mask in drawn_masks:
        survivors = np.unique(mask[mask != 0])
        np.testing.assert_allclose(survivors, [1 / (1 - dropout)], rtol=1e-6)
        assert np.mean(mask == 0) == pytest.approx(dropout, abs=0.1)
    assert list(terms) == TERMS
    for name, value in expected_terms(
        model, dataset, batch, drawn_masks
    ).items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name


def test_negative_items_are_never_read():
    batch = tiny_batch()
    shuffled = {**batch, "negative_item_ids": np.array([7, 7, 1, 3], "int32")}
    terms, other = (
        BM3(tiny_dataset()).loss_terms(**b) for b in (batch, shuffled)
    )
    for name in TERMS:
        assert float(terms[name]) == float(other[name])


def test_equal_vectors_without_dropout_cost_nothing():
    model = BM3(tiny_dataset(), num_layers=0, dropout=0.0)
    ones = np.ones(64)
    model.user_table.assign(np.tile(ones, (7, 1)))
    model.item_table.assign(np.tile(ones, (9, 1)))
    for m, width in (("image", 5), ("text", 4)):
        model.projections[m].set_weights([np.zeros((width, 64)), ones])
    model.predictor.set_weights([np.eye(64), np.zeros(64)])
    terms = model.loss_terms(**tiny_batch())
    assert float(terms["reconstruction"]) == pytest.approx(0, abs=1e-6)
    assert float(terms["contrastive"]) == pytest.approx(0, abs=1e-6)
    # 7 users of norm 8; items count twice, 9 of norm 16; over 9 items.
    assert float(terms["l2"]) == pytest.approx(
        0.1 * (8 * np.sqrt(7) + 16 * np.sqrt(9)) / 9
    )


def test_loss_starts_near_ten():
    tiny = tiny_dataset()
    rng = np.random.default_rng(0)
    dataset = replace(
        tiny,
        interactions=replace(tiny.interactions, num_users=3000, num_items=1000),
        features={m: rng.normal(size=(1000, 32)) for m in ("image", "text")},
    )
    terms = BM3(dataset).loss_terms(
        rng.integers(3000, size=1000),
        rng.permutation(1000),
        np.zeros(1000, "int32"),
    )
    # Two distances of unrelated vectors, and twice four of them.
    assert float(terms["reconstruction"]) == pytest.approx(2, abs=0.1)
    assert float(terms["contrastive"]) == pytest.approx(8, abs=0.4)


def test_no_gradient_passes_through_targets():
    model = BM3(tiny_dataset())
    states = tf.Variable(ops.ones((4, 64)))
    with tf.GradientTape() as tape:
        targets = model.target(states, np.array([0, 1, 2, 1]), 9)
    assert tape.gradient(targets, states) is None
    # The same id has the same mask.
    np.testing.assert_array_equal(targets[1], targets[3])
    assert np.any(np.asarray(targets[0]) != np.asarray(targets[1]))


def test_distance_by_hand():
    # Cosines 0.6 and 0; a row of zeros counts as orthogonal.
    value = distance(
        ops.convert_to_tensor([[1.0, 0.0], [0.0, 0.0]]),
        ops.convert_to_tensor([[3.0, 4.0], [1.0, 1.0]]),
    )
    assert float(value) == pytest.approx(1 - 0.6 / 2)


def test_bad_dropout_is_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\). Received: dropout=1"):
        BM3(tiny_dataset(), dropout=1.0)


def test_state_of_the_generator_is_a_variable_of_a_fixed_name():
    BM3(tiny_dataset())  # a second model's generator is not renumbered
    model = BM3(tiny_dataset())
    states = {v.path: v for v in model.variables if "generator" in v.path}
    assert list(states) == ["dropout_seeds/seed_generator_state"]
    before = np.asarray(model.dropout_seeds.state).copy()
    first = [float(t) for t in model.loss_terms(**tiny_batch()).values()]
    second = [float(t) for t in model.loss_terms(**tiny_batch()).values()]
    assert first != second
    # Set back, it repeats: a resumed run sees the same masks.
    model.dropout_seeds.state.assign(before)
    again = [float(t) for t in model.loss_terms(**tiny_batch()).values()]
    assert first == again


def test_step_moves_all_weights():
    model = BM3(tiny_dataset())
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(TERMS)
    before = [np.asarray(v).copy() for v in model.trainable_variables]
    model.train_step(tiny_batch())
    assert len(before) == 2 + 2 + 2 * 2 + 2
    for old, variable in zip(before, model.trainable_variables):
        assert np.any(np.asarray(variable) != old), variable.path
    # Feature rows of items outside the batch's positives stay.
    image = model.feature_tables["image"]
    moved = np.any(
        np.asarray(image) != tiny_dataset().features["image"], axis=1
    )
    assert set(np.flatnonzero(moved)) == {1, 3, 4, 7}

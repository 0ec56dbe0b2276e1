from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.mf import MF
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam


def rows_of(model, batch):
    users = np.asarray(model.user_table, "float64")[batch["user_ids"]]
    items = np.asarray(model.item_table, "float64")
    return (
        users,
        items[batch["positive_item_ids"]],
        items[batch["negative_item_ids"]],
    )


def test_scores_are_the_products_of_the_tables():
    model = MF(tiny_dataset(), embedding_dim=3)
    scores = model(np.array([1, 6]))
    users, items = np.asarray(model.user_table), np.asarray(model.item_table)
    expected = [
        [sum(users[u, d] * items[i, d] for d in range(3)) for i in range(9)]
        for u in (1, 6)
    ]
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_loss_agrees_with_the_oracle():
    model = MF(tiny_dataset(), l2_weight=0.3)
    terms = model.loss_terms(**tiny_batch())
    rows = rows_of(model, tiny_batch())
    assert set(terms) == {"bpr", "l2"}
    assert float(terms["bpr"]) == pytest.approx(oracle.bpr(*rows), abs=1e-5)
    assert float(terms["l2"]) == pytest.approx(
        0.3 * oracle.frobenius(*rows), abs=1e-5
    )


def test_regularizer_by_hand():
    model = MF(tiny_dataset(), embedding_dim=2, l2_weight=1.0)
    users, items = np.zeros((7, 2)), np.zeros((9, 2))
    users[0], items[2] = [3, 4], [1, 0]
    model.user_table.assign(users)
    model.item_table.assign(items)
    terms = model.loss_terms(np.array([0]), np.array([1]), np.array([2]))
    # (||[3, 4]|| + ||[0, 0]|| + ||[1, 0]||) / 1 row; squared it were 26.
    assert float(terms["l2"]) == pytest.approx(6.0)


def test_tables_start_xavier_normal_and_loss_at_log_2():
    tiny = tiny_dataset()
    dataset = replace(
        tiny,
        interactions=replace(tiny.interactions, num_users=5000, num_items=2000),
    )
    model = MF(dataset)
    users = np.asarray(model.user_table)
    assert users.std() == pytest.approx(np.sqrt(2 / 5064), rel=0.01)
    # Not truncated: a tenth of a per mille lies beyond four deviations.
    assert np.abs(users).max() > 4 * users.std()
    rng = np.random.default_rng(0)
    terms = model.loss_terms(
        rng.integers(5000, size=2048),
        rng.integers(2000, size=2048),
        rng.integers(2000, size=2048),
    )
    assert float(terms["bpr"]) == pytest.approx(0.6931, abs=1e-3)


def test_swapping_positive_and_negative_flips_the_margin():
    model = MF(tiny_dataset())
    batch = tiny_batch()
    users, positive_items, negative_items = rows_of(model, batch)
    swapped = {
        "user_ids": batch["user_ids"],
        "positive_item_ids": batch["negative_item_ids"],
        "negative_item_ids": batch["positive_item_ids"],
    }
    # softplus(m) - softplus(-m) = m.
    difference = (
        model.loss_terms(**swapped)["bpr"] - model.loss_terms(**batch)["bpr"]
    )
    margins = np.sum(users * (positive_items - negative_items), axis=1)
    assert float(difference) == pytest.approx(margins.mean(), abs=1e-6)


def test_step_moves_the_rows_of_the_batch_and_no_other():
    model = MF(tiny_dataset())
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(["bpr", "l2"])
    users, items = (
        np.asarray(model.user_table).copy(),
        np.asarray(model.item_table).copy(),
    )
    model.train_step(tiny_batch())
    moved_users = np.any(np.asarray(model.user_table) != users, axis=1)
    moved_items = np.any(np.asarray(model.item_table) != items, axis=1)
    assert set(np.flatnonzero(moved_users)) == {0, 2, 5}
    assert set(np.flatnonzero(moved_items)) == {0, 1, 2, 3, 4, 5, 7, 8}

from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.mf import MF
from camgr_tf.baselines.vbpr import VBPR
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam


def expected_items(model, dataset):
    features = [dataset.features["text"], dataset.features["image"]]
    content = oracle.dense(model.projection)(
        np.concatenate(features, axis=1).astype("float64")
    )
    return np.concatenate([np.asarray(model.item_table), content], axis=1)


def test_embeddings_agree_with_the_oracle():
    dataset = tiny_dataset()
    model = VBPR(dataset)
    users, items = model.embed()
    assert users.shape == (7, 128)
    np.testing.assert_array_equal(users, np.asarray(model.user_table))
    np.testing.assert_allclose(items, expected_items(model, dataset), atol=1e-5)


def test_loss_agrees_with_the_oracle():
    dataset, batch = tiny_dataset(), tiny_batch()
    model = VBPR(dataset, l2_weight=0.3)
    terms = model.loss_terms(**batch)
    items = expected_items(model, dataset)
    rows = (
        np.asarray(model.user_table, "float64")[batch["user_ids"]],
        items[batch["positive_item_ids"]],
        items[batch["negative_item_ids"]],
    )
    assert set(terms) == {"bpr", "l2"}
    assert float(terms["bpr"]) == pytest.approx(oracle.bpr(*rows), abs=1e-5)
    assert float(terms["l2"]) == pytest.approx(
        0.3 * oracle.frobenius(*rows), abs=1e-5
    )


def test_without_content_it_is_matrix_factorization():
    model = VBPR(tiny_dataset(), l2_weight=0.0)
    model.projection.set_weights([np.zeros((9, 64)), np.zeros(64)])
    factorization = MF(tiny_dataset(), l2_weight=0.0)
    factorization.user_table.assign(np.asarray(model.user_table)[:, :64])
    factorization.item_table.assign(model.item_table)
    everyone = np.arange(7)
    np.testing.assert_allclose(
        model(everyone), factorization(everyone), atol=1e-6
    )
    assert float(model.loss_terms(**tiny_batch())["bpr"]) == pytest.approx(
        float(factorization.loss_terms(**tiny_batch())["bpr"]), abs=1e-6
    )


def test_without_content_the_other_half_only_regularizes():
    model = VBPR(tiny_dataset())
    model.projection.set_weights([np.zeros((9, 64)), np.zeros(64)])
    before = {k: float(v) for k, v in model.loss_terms(**tiny_batch()).items()}
    users = np.asarray(model.user_table).copy()
    users[:, 64:] += 1.0
    model.user_table.assign(users)
    after = model.loss_terms(**tiny_batch())
    assert float(after["bpr"]) == pytest.approx(before["bpr"], abs=1e-6)
    assert float(after["l2"]) > before["l2"] + 0.01


def test_parameter_count_and_initial_values():
    dataset = tiny_dataset((("image", 300), ("text", 40)))
    model = VBPR(dataset)
    count = sum(np.prod(v.shape) for v in model.weights)
    assert count == 128 * 7 + 64 * 9 + 340 * 64 + 64
    kernel, bias = model.projection.get_weights()
    assert kernel.std() == pytest.approx(np.sqrt(2 / (340 + 64)), rel=0.02)
    np.testing.assert_array_equal(bias, np.zeros(64))
    # Uniform in +-sqrt(6 / (rows + columns)).
    limit = np.sqrt(6 / (7 + 128))
    largest = np.abs(np.asarray(model.user_table)).max()
    assert 0.98 * limit < largest <= limit


def test_text_comes_first_then_the_others_as_given():
    widths = (("image", 3), ("audio", 2), ("text", 4))
    dataset = tiny_dataset(widths)
    model = VBPR(dataset)
    expected = [dataset.features[m] for m in ("text", "image", "audio")]
    np.testing.assert_array_equal(
        model.features, np.concatenate(expected, axis=1)
    )


def test_no_modality_is_refused():
    dataset = replace(tiny_dataset(), features={})
    with pytest.raises(ValueError, match="VBPR needs item features.*'tiny'"):
        VBPR(dataset)


def test_step_moves_all_weights_and_no_feature():
    dataset = tiny_dataset()
    model = VBPR(dataset)
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(["bpr", "l2"])
    features = np.array(model.features)
    before = [np.asarray(v).copy() for v in model.trainable_variables]
    model.train_step(tiny_batch())
    assert len(before) == 4
    for old, variable in zip(before, model.trainable_variables):
        assert np.any(np.asarray(variable) != old), variable.path
    np.testing.assert_array_equal(model.features, features)

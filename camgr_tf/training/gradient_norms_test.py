"""Norms by hand, the warning at ln 2, and that a run is none the wiser."""

import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from camgr_tf.arguments import constructor_defaults
from camgr_tf.baselines.mf import MF
from camgr_tf.config import resolve_config
from camgr_tf.registry import MODELS
from camgr_tf.research.readings import PairwiseRanking
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing import write_tiny_folder
from camgr_tf.training.gradient_norms import GradientNorms
from camgr_tf.training.gradient_norms import gradient_norms
from camgr_tf.training.runs import train
from camgr_tf.training.sampling import TrainingBatches


def filled_mf():
    model = MF(tiny_dataset(), l2_weight=0.5, embedding_dim=2)
    users = np.zeros((7, 2), "float32")
    items = np.zeros((9, 2), "float32")
    users[0] = 1, 2
    items[3], items[5] = (1, 0), (0, 1)
    model.user_table.assign(users)
    model.item_table.assign(items)
    return model


def test_norms_of_matrix_factorization_by_hand():
    # Scores 1 and 2, so BPR = softplus(1) with slope s = 1 / (1 + 1/e):
    # d/du = s (j - i) = s (-1, 1), d/di = -s (1, 2), d/dj = s (1, 2); the
    # squares are s^2 (2 + 5 + 5).
    slope = 1 / (1 + np.exp(-1))
    norms = gradient_norms(
        filled_mf(),
        {
            "user_ids": np.array([0], "int32"),
            "positive_item_ids": np.array([3], "int32"),
            "negative_item_ids": np.array([5], "int32"),
        },
    )
    assert norms["bpr"] == pytest.approx(slope * np.sqrt(12), rel=1e-5)
    assert set(norms) == {"bpr", "l2"} and norms["l2"] > 0


@pytest.mark.parametrize(
    "name", sorted(name for name in MODELS if MODELS[name].trains)
)
def test_measuring_leaves_a_model_as_it_was(name):
    few = {"num_neighbors", "num_further_neighbors"} & constructor_defaults(
        MODELS[name]
    ).keys()
    model = MODELS[name](tiny_dataset(), **dict.fromkeys(few, 4))
    model.begin_epoch(0)
    batch = TrainingBatches(model_interactions(), 8)[0]
    terms = set(model.loss_terms(**batch))
    before = [ops.convert_to_numpy(v).copy() for v in model.variables]
    norms = gradient_norms(model, batch)
    assert set(norms) == terms
    assert all(np.isfinite(v) for v in norms.values()) and max(norms.values())
    for value, variable in zip(before, model.variables):
        np.testing.assert_array_equal(value, ops.convert_to_numpy(variable))
    # The same dropout is drawn again.
    assert gradient_norms(model, batch) == pytest.approx(norms, rel=1e-6)


def model_interactions():
    return tiny_dataset().interactions


class Unranked(PairwiseRanking):
    """BPR that never falls, beside a contrast that pulls."""

    def bpr(self, users, positive_items, negative_items):
        return np.log(2) + 1e-6 * ops.mean(users * positive_items)


def told(model, values):
    callback = GradientNorms(TrainingBatches(model_interactions(), 8)[0])
    callback.set_model(model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for epoch, value in enumerate(values):
            callback.on_epoch_end(epoch, {"bpr": value})
    return [str(w.message) for w in caught if w.category is UserWarning]


def test_five_epochs_at_ln_2_are_told_once_with_what_outweighs_bpr():
    (message,) = told(Unranked(tiny_dataset(), num_neighbors=4), [0.693] * 9)
    assert "BPR is 0.693 after epoch 4" in message
    assert "term 'info_nce' is " in message and "min_epochs" in message


@pytest.mark.parametrize(
    "values",
    [[0.693] * 4, [0.69] * 4 + [0.68] + [0.69] * 4, [0.6] * 9, [0.8] * 9],
    ids=["four", "interrupted", "learns", "above"],
)
def test_nothing_is_said_of_a_model_that_learns(values):
    assert told(filled_mf(), values) == []


def test_history_has_the_norms_of_the_first_epochs_and_every_fifth(tmp_path):
    write_tiny_folder(tmp_path / "data")
    config = resolve_config(
        dataset="tiny",
        data_root=str(tmp_path / "data"),
        model="mf",
        max_epochs=8,
    )
    run = train(config, tmp_path / "outputs", progress=False)
    history = pd.read_csv(run.folder / "history.csv")
    measured = history.epoch[history.gradient_norm_bpr.notna()].tolist()
    assert measured == [0, 1, 2, 3, 4, 5]
    assert (history.gradient_norm_l2.dropna() > 0).all()


def test_a_run_has_the_same_numbers_with_and_without(tmp_path, monkeypatch):
    write_tiny_folder(tmp_path / "data")
    config = resolve_config(
        dataset="tiny",
        data_root=str(tmp_path / "data"),
        model="camgr",
        edge_dropout=0.5,
        num_neighbors=4,
        max_epochs=3,
    )
    with_norms = train(config, tmp_path / "with", progress=False)
    monkeypatch.setattr(
        "camgr_tf.training.runs.GradientNorms",
        lambda batch: keras.callbacks.Callback(),
    )
    without = train(config, tmp_path / "without", progress=False)
    assert with_norms.history.loss.tolist() == without.history.loss.tolist()

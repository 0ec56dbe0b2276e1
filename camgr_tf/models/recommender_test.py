import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.models.recommender import Recommender
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam


class _Factors(Recommender):
    """Plain tables, and a weight that only some losses use."""

    def __init__(self, dataset, **arguments):
        super().__init__(dataset, **arguments)
        dim = self.embedding_dim
        self.user_table = self.table("users", (self.num_users, dim))
        self.item_table = self.table("items", (self.num_items, dim))
        self.offset = self.table("offset", (1, 1), np.ones((1, 1)))
        self.uses_offset = False

    def embed(self, training=False):
        return self.user_table.value, self.item_table.value

    def loss_terms(self, *ids, **named_ids):
        terms = super().loss_terms(*ids, **named_ids)
        if self.uses_offset:
            terms["offset"] = tf.reduce_sum(self.offset.value) ** 2
        return terms


def _model(**arguments):
    model = _Factors(tiny_dataset(), embedding_dim=3, **arguments)
    model.compile(optimizer=Adam(0.1))
    model.track_losses(["bpr", "offset"])
    return model


def test_sizes_come_from_the_data():
    model = _model()
    assert (model.num_users, model.num_items) == (7, 9)
    assert model.user_table.shape == (7, 3)


def test_loss_is_bpr_of_the_products():
    model = _model()
    users, items = model.user_table.numpy(), model.item_table.numpy()
    batch = tiny_batch()
    differences = [
        users[u] @ (items[i] - items[j]) for u, i, j in zip(*batch.values())
    ]
    expected = np.mean(np.log(1 + np.exp(-np.array(differences))))
    terms = model.loss_terms(**batch)
    assert list(terms) == ["bpr"]
    assert float(terms["bpr"]) == pytest.approx(expected, rel=1e-5)


def test_scores_of_all_items():
    model = _model()
    users, items = model.user_table.numpy(), model.item_table.numpy()
    scores = model(np.array([5, 0], "int32"))
    np.testing.assert_allclose(scores, users[[5, 0]] @ items.T, rtol=1e-5)


def test_a_training_step_lowers_and_reports_the_loss():
    model = _model()
    batch = tiny_batch()
    before = float(model.loss_terms(**batch)["bpr"])
    logs = model.train_step(batch)
    assert set(logs) == {"loss", "bpr"}
    assert float(logs["loss"]) == pytest.approx(before)
    after = float(model.loss_terms(**batch)["bpr"])
    assert after < before
    # Reports are means over the epoch.
    logs = model.train_step(batch)
    assert float(logs["bpr"]) == pytest.approx((before + after) / 2)


def test_loss_is_the_sum_of_the_terms():
    model = _model()
    model.uses_offset = True
    logs = model.train_step(tiny_batch())
    assert set(logs) == {"loss", "bpr", "offset"}
    assert float(logs["offset"]) == pytest.approx(1)
    assert float(logs["loss"]) == pytest.approx(float(logs["bpr"]) + 1)


def test_a_weight_without_gradient_keeps_its_momentum():
    model = _model()
    model.uses_offset = True
    model.train_step(tiny_batch())
    first = float(model.offset[0, 0])
    # Adam's first step has the size of the learning rate.
    assert first == pytest.approx(0.9, abs=1e-5)
    model.uses_offset = False
    model.train_step(tiny_batch())
    # m = .9 * .1 g over 1 - .9^2, v = .999 * .001 g^2 over 1 - .999^2.
    step = 0.1 * (0.09 / 0.19) / np.sqrt(0.000999 / 0.001999)
    assert float(model.offset[0, 0]) == pytest.approx(first - step, abs=1e-5)


def test_a_user_of_no_batch_does_not_move_before_its_first_gradient():
    model = _model()
    before = model.user_table.numpy()
    model.train_step(tiny_batch())
    moved = (model.user_table.numpy() != before).any(axis=1)
    assert np.flatnonzero(moved).tolist() == [0, 2, 5]


def test_losses_are_tracked_once():
    model = _model()
    model.track_losses(["bpr"])
    assert [metric.name for metric in model.metrics] == [
        "loss",
        "bpr",
        "offset",
    ]


def test_seeds_depend_on_the_seed_and_the_order():
    first, again, other = _model(), _model(), _model(seed=1)
    drawn = [[model.next_seed() for _ in range(20)] for model in (
        first, again, other)]  # fmt: skip
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0] + drawn[2])) == 40
    np.testing.assert_array_equal(first.user_table, again.user_table)
    assert (first.user_table.numpy() != other.user_table.numpy()).all()


def test_xavier_uniform_table():
    values = _model().table("wide", (500, 100)).numpy()
    limit = np.sqrt(6 / 600)
    assert np.abs(values).max() <= limit
    assert np.abs(values).max() > 0.99 * limit
    assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)


def test_table_from_values():
    values = np.arange(6.0).reshape(2, 3)
    table = _model().table("given", (2, 3), values, trainable=False)
    np.testing.assert_array_equal(table, values)
    assert not table.trainable


def test_linear_starts_as_pytorch_does():
    layer = _model().linear("projection", 100, 500)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (100, 500)
    for values in (kernel, bias):
        assert 0.098 < np.abs(values).max() <= 0.1
    assert _model().linear("flat", 4, 2, use_bias=False).bias is None


def test_defaults_of_what_a_model_may_override():
    model = _model()
    assert model.learning_rate_scale(model.user_table) == 1.0
    assert model.begin_epoch() is None
    with pytest.raises(NotImplementedError):
        Recommender(tiny_dataset()).embed()


def test_refuses_bad_arguments():
    message = "`embedding_dim` must be an integer, positive. Received: .*=0"
    with pytest.raises(ValueError, match=message):
        Recommender(tiny_dataset(), embedding_dim=0)
    message = "`initializer` must be 'xavier_uniform', .*initializer='ones'"
    with pytest.raises(ValueError, match=message):
        _model().table("t", (2, 2), "ones")

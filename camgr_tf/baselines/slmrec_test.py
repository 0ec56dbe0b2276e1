import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines.slmrec import SLMRec
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.oracle import bipartite
from camgr_tf.testing.oracle import dense
from camgr_tf.testing.oracle import lightgcn
from camgr_tf.testing.oracle import symmetric
from camgr_tf.testing.oracle import unit_rows
from camgr_tf.training.adam import Adam


def cross_entropy(logits):
    sums = np.log(np.exp(logits).sum(axis=1))
    return np.mean(sums - np.diag(logits))


class Oracle:
    """SLMRec's equations in NumPy, with a model's weights."""

    def __init__(self, model, dataset):
        graph = symmetric(bipartite(dataset.interactions)[1])
        num_users = dataset.interactions.num_users
        users = np.asarray(model.user_table, "float64")
        starts = {"id": np.asarray(model.item_table, "float64")}
        for m, features in dataset.features.items():
            starts[m] = dense(model.projections[m])(
                unit_rows(features.astype("float64"))
            )
        self.states = {}
        for m, items in starts.items():
            states = lightgcn(graph, np.concatenate([users, items]), 3)
            self.states[m] = np.split(states, [num_users])
        self.users = dense(model.user_fusion)(
            np.concatenate([s[0] for s in self.states.values()], axis=1)
        )
        self.items = dense(model.item_fusion)(
            np.concatenate([s[1] for s in self.states.values()], axis=1)
        )
        self.model = model

    def terms(self, batch, temperature, contrastive_temperature, weight):
        users = unit_rows(self.users[batch["user_ids"]])
        items = unit_rows(self.items[batch["positive_item_ids"]])
        model = self.model
        rows = {
            m: states[1][batch["positive_item_ids"]]
            for m, states in self.states.items()
        }
        a = dense(model.id_alignment)(rows["id"])
        b = dense(model.alignments["image"])(rows["image"])
        q = dense(model.coarse_query)(dense(model.coarse_hidden)(a))
        r = dense(model.coarse_key)(rows["text"])
        contrast = cross_entropy(a @ b.T / contrastive_temperature)
        contrast += cross_entropy(q @ r.T / contrastive_temperature)
        return {
            "softmax": cross_entropy(users @ items.T / temperature),
            "contrast": weight * contrast,
        }


def scale_tables(model, factor=20.0):
    """Weights far from their start, so that no term is near its limit."""
    for table in (model.user_table, model.item_table):
        table.assign(table * factor)


class TestSLMRec:
    def test_agrees_with_the_oracle(self):
        dataset = tiny_dataset()
        model = SLMRec(
            dataset,
            embedding_dim=6,
            contrastive_temperature=0.5,
            contrastive_weight=0.3,
        )
        scale_tables(model, 3.0)
        oracle = Oracle(model, dataset)
        users, items = model.embed()
        np.testing.assert_allclose(users, oracle.users, atol=1e-5)
        np.testing.assert_allclose(items, oracle.items, atol=1e-5)
        np.testing.assert_allclose(
            model(np.arange(7)), oracle.users @ oracle.items.T, atol=1e-5
        )
        terms = model.loss_terms(**tiny_batch())
        expected = oracle.terms(tiny_batch(), 0.2, 0.5, 0.3)
        assert set(terms) == set(expected)
        for name in expected:
            np.testing.assert_allclose(terms[name], expected[name], atol=1e-5)

    def test_a_single_row_has_no_loss(self):
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        batch = {name: ids[:1] for name, ids in tiny_batch().items()}
        for term in model.loss_terms(**batch).values():
            np.testing.assert_allclose(term, 0.0, atol=1e-6)

    def test_starts_near_the_logarithm_of_the_batch(self):
        model = SLMRec(tiny_dataset())
        ids = np.arange(6, dtype="int32")
        term = model.loss_terms(ids, ids, ids)["softmax"]
        # At temperature 1 the cosines move the loss by at most 2.
        model.temperature = 1e6
        flat = model.loss_terms(ids, ids, ids)["softmax"]
        np.testing.assert_allclose(flat, np.log(6.0), atol=1e-4)
        assert abs(float(term) - np.log(6.0)) < 2.0

    def test_length_of_final_users_leaves_the_main_term_alone(self):
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        before = model.loss_terms(**tiny_batch())["softmax"]
        scores = np.asarray(model(np.arange(7)))
        for weight in model.user_fusion.weights:
            weight.assign(weight * 7.0)
        after = model.loss_terms(**tiny_batch())["softmax"]
        np.testing.assert_allclose(after, before, rtol=1e-5)
        # Ranking takes the plain product, which grows.
        np.testing.assert_allclose(
            model(np.arange(7)), 7.0 * scores, rtol=1e-4, atol=1e-6
        )

    def test_negatives_are_not_read(self):
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        batch = tiny_batch()
        before = model.loss_terms(**batch)
        batch["negative_item_ids"] = batch["negative_item_ids"][::-1]
        after = model.loss_terms(**batch)
        for name in before:
            assert float(before[name]) == float(after[name])

    def test_every_weight_gets_a_gradient_and_features_are_no_weight(self):
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        with tf.GradientTape() as tape:
            loss = sum(model.loss_terms(**tiny_batch()).values())
        variables = model.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        assert all(g is not None for g in gradients)
        # Two tables, 2 projections, 2 fusions and g1 to g5 with their biases.
        assert len(model.weights) == 2 + 2 * (2 + 2 + 5)
        assert all(v.shape != (9, 5) for v in model.weights)

    def test_weight_decay_is_coupled(self):
        """A step of Adam on gradient + decay * weight, by hand."""
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        decay = SLMRec.training_defaults["coupled_weight_decay"]
        assert decay == 1e-4
        variables = model.trainable_variables
        batch = {n: tf.constant(ids) for n, ids in tiny_batch().items()}
        with tf.GradientTape() as tape:
            loss = sum(model.loss_terms(**batch).values())
        gradients = tape.gradient(loss, [v.value for v in variables])
        before = [np.asarray(v) for v in variables]
        model.compile(
            optimizer=Adam(0.01, coupled_weight_decay=decay),
            jit_compile=False,
        )
        model.track_losses(("softmax", "contrast"))
        model.train_step(batch)
        # The first step of Adam: learning rate times g / (|g| + epsilon).
        for gradient, start, variable in zip(gradients, before, variables):
            total = tf.convert_to_tensor(gradient).numpy() + decay * start
            np.testing.assert_allclose(
                np.asarray(variable),
                start - 0.01 * total / (np.abs(total) + 1e-8),
                atol=2e-4,
            )
        # A cold user has no gradient from the loss: decay alone moves the
        # row by a whole step, where decoupled decay would not move it.
        moved = np.abs(before[0][6] - np.asarray(model.user_table)[6])
        np.testing.assert_allclose(moved, 0.01, rtol=1e-2)

    @pytest.mark.parametrize(
        "widths, coarse, num_fine",
        [
            ((("image", 5),), None, 1),
            ((("text", 4), ("image", 5)), "text", 1),
            ((("image", 5), ("text", 4), ("audio", 3)), "text", 2),
            ((("image", 5), ("audio", 3)), "audio", 1),
        ],
    )
    def test_any_modalities(self, widths, coarse, num_fine):
        model = SLMRec(tiny_dataset(widths), embedding_dim=6)
        assert model.coarse_modality == coarse
        assert len(model.alignments) == num_fine
        assert model.item_fusion.kernel.shape == (6 * (1 + len(widths)), 6)
        for term in model.loss_terms(**tiny_batch()).values():
            assert np.isfinite(term)

    def test_trains(self):
        model = SLMRec(tiny_dataset(), embedding_dim=6)
        model.compile(optimizer=Adam(0.01), jit_compile=False)
        model.track_losses(("softmax", "contrast"))
        batches = tf.data.Dataset.from_tensors(tiny_batch())
        losses = model.fit(batches, epochs=5, verbose=0).history["loss"]
        assert losses[-1] < losses[0]

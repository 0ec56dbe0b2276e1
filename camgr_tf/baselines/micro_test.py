import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines.micro import MICRO
from camgr_tf.testing import directional_slopes
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.oracle import bipartite
from camgr_tf.testing.oracle import bpr
from camgr_tf.testing.oracle import dense
from camgr_tf.testing.oracle import half
from camgr_tf.testing.oracle import lightgcn
from camgr_tf.testing.oracle import similar_items
from camgr_tf.testing.oracle import unit_rows
from camgr_tf.training.adam import Adam

SMALL = {"embedding_dim": 6, "num_neighbors": 3}


def contrast(view, fused, temperature):
    view, fused = unit_rows(view), unit_rows(fused)
    total = 0.0
    for a in range(len(view)):
        inner = np.exp(view @ view[a] / temperature)
        cross = np.exp(fused @ view[a] / temperature)
        total -= np.log(cross[a] / (inner.sum() + cross.sum() - inner[a]))
    return total / len(view)


class Oracle:
    """MICRO's equations in NumPy, with a model's weights."""

    def __init__(self, model, dataset, share=0.9):
        interactions = dataset.interactions
        num_users = interactions.num_users
        graph = bipartite(interactions)[1]
        graph += np.eye(len(graph))
        graph /= graph.sum(axis=1, keepdims=True)
        item_table = np.asarray(model.item_table, "float64")
        self.views = []
        for m, features in dataset.features.items():
            table = np.asarray(model.feature_tables[m], "float64")
            learned = similar_items(dense(model.projections[m])(table), 3)
            mixed = (1 - share) * learned + share * similar_items(features, 3)
            self.views.append(mixed @ item_table)
        hidden, logit = dense(model.query_hidden), dense(model.query_logit)
        logits = np.stack([logit(np.tanh(hidden(v))) for v in self.views])
        weights = np.exp(logits) / np.exp(logits).sum(axis=0)
        self.fused = sum(w * view for w, view in zip(weights, self.views))
        start = np.concatenate([np.asarray(model.user_table), item_table])
        nodes = lightgcn(graph, start, 2)
        self.users, self.items = np.split(nodes, [num_users])
        self.items = self.items + unit_rows(self.fused)

    def terms(self, batch, temperature, contrastive_weight, l2_weight, size):
        u, i, j = batch.values()
        rows = self.users[u], self.items[i], self.items[j]
        con = sum(contrast(v, self.fused, temperature) for v in self.views)
        return {
            "bpr": bpr(*rows),
            "l2": l2_weight * half(size, *rows),
            "contrast": contrastive_weight * con,
        }


def compiled(model, learning_rate=0.01):
    model.compile(optimizer=Adam(learning_rate), jit_compile=False)
    model.track_losses(("bpr", "l2", "contrast"))
    model.optimizer.build(model.trainable_variables)
    return model


def tensors():
    return {name: tf.constant(ids) for name, ids in tiny_batch().items()}


def gradients_of(model):
    """Loss and dense gradients by variable path."""
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = sum(model.loss_terms(**tensors()).values())
    gradients = tape.gradient(loss, [v.value for v in variables])
    return float(loss), {
        v.path: np.zeros(v.shape)
        if g is None
        else tf.convert_to_tensor(g).numpy()
        for v, g in zip(variables, gradients)
    }


def content_variables(model):
    tables = list(model.feature_tables.values())
    return tables + [layer.kernel for layer in model.projections.values()]


def values(variables):
    return [np.copy(variable.numpy()) for variable in variables]


class TestMICRO:
    @pytest.mark.parametrize("training", [True, False])
    def test_agrees_with_the_oracle(self, training):
        dataset = tiny_dataset()
        model = MICRO(
            dataset,
            temperature=0.4,
            contrastive_weight=0.7,
            l2_weight=0.3,
            batch_size=5,
            initial_graph_weight=0.6,
            **SMALL,
        )
        oracle = Oracle(model, dataset, share=0.6)
        users, items = model.embed(training=training)
        np.testing.assert_allclose(users, oracle.users, atol=1e-5)
        np.testing.assert_allclose(items, oracle.items, atol=1e-5)
        np.testing.assert_allclose(
            model(np.arange(7)), oracle.users @ oracle.items.T, atol=1e-5
        )
        terms = model.loss_terms(**tiny_batch())
        expected = oracle.terms(tiny_batch(), 0.4, 0.7, 0.3, size=5)
        assert set(terms) == set(expected)
        for name in expected:
            np.testing.assert_allclose(terms[name], expected[name], atol=1e-5)

    def test_gradient_of_the_learned_graph(self):
        """Finite differences of the oracle, through cosines and sums."""
        dataset = tiny_dataset()
        model = MICRO(
            dataset, contrastive_weight=2.0, initial_graph_weight=0.1, **SMALL
        )
        with tf.GradientTape() as tape:
            loss = sum(model.loss_terms(**tensors()).values())
        variables = content_variables(model)
        gradients = tape.gradient(loss, [v.value for v in variables])

        def oracle_loss():
            oracle = Oracle(model, dataset, share=0.1)
            return sum(
                oracle.terms(tiny_batch(), 0.5, 2.0, 1e-5, 2048).values()
            )

        slopes = directional_slopes(variables, oracle_loss)
        for gradient, (direction, slope) in zip(gradients, slopes):
            np.testing.assert_allclose(
                np.sum(gradient * direction), slope, rtol=1e-2
            )

    def test_later_batches_have_no_gradient_but_momentum_moves(self):
        model = compiled(MICRO(tiny_dataset(), **SMALL))
        content = content_variables(model)
        batch = tensors()
        model.begin_epoch()
        start = values(content)
        model.train_step(batch)
        graph = values(model.graph_weights.values())
        first = values(content)
        _, gradients = gradients_of(model)
        for variable in content:
            np.testing.assert_array_equal(gradients[variable.path], 0.0)
        model.train_step(batch)
        second = values(content)
        for a, b, c in zip(start, first, second):
            assert np.abs(b - a).max() > 0
            # Adam with gradient zero in step 2 goes on by m / sqrt(v):
            # 0.9 * 0.1 g / (1 - 0.9^2) over the root of
            # 0.999 * 0.001 g^2 / (1 - 0.999^2), 0.67 of the first step.
            ratio = (0.09 / 0.19) / np.sqrt(0.000999 / (1 - 0.999**2))
            whole = np.abs(b - a) > 0.009  # far above epsilon
            assert whole.any()
            np.testing.assert_allclose(
                (c - b)[whole], ratio * (b - a)[whole], rtol=2e-2, atol=1e-5
            )
        for before, after in zip(graph, values(model.graph_weights.values())):
            np.testing.assert_array_equal(before, after)
        model.begin_epoch()
        _, gradients = gradients_of(model)
        for variable in content:
            assert np.abs(gradients[variable.path]).max() > 0

    def test_evaluation_leaves_the_training_graph_alone(self):
        model = MICRO(tiny_dataset(), **SMALL)
        model.loss_terms(**tiny_batch())
        before = values(model.non_trainable_variables)
        kept = values(model.embed(training=True))
        for table in model.feature_tables.values():
            table.assign(np.random.default_rng(5).normal(size=table.shape))
        rebuilt = values(model.embed())
        np.testing.assert_array_equal(kept[1], model.embed(training=True)[1])
        assert np.abs(rebuilt[1] - kept[1]).max() > 1e-4
        for a, b in zip(before, values(model.non_trainable_variables)):
            np.testing.assert_array_equal(a, b)
        model.begin_epoch()
        np.testing.assert_allclose(
            model.embed(training=True)[1], rebuilt[1], atol=1e-6
        )

    def test_blocks_do_not_matter(self):
        results = []
        for block_size in (1, 7, 9, None):
            model = MICRO(tiny_dataset(), block_size=block_size, **SMALL)
            results.append(gradients_of(model))
        for loss, gradients in results[1:]:
            np.testing.assert_allclose(loss, results[0][0], rtol=1e-6)
            for name, gradient in gradients.items():
                np.testing.assert_allclose(
                    gradient, results[0][1][name], atol=1e-6
                )

    def test_initial_graph_alone_sends_no_gradient_to_content(self):
        model = MICRO(tiny_dataset(), initial_graph_weight=1.0, **SMALL)
        _, gradients = gradients_of(model)
        for variable in content_variables(model):
            np.testing.assert_array_equal(gradients[variable.path], 0.0)
        items = model.embed()[1].numpy()
        for variable in content_variables(model):
            variable.assign(np.asarray(variable) + 1.0)
        np.testing.assert_allclose(model.embed()[1], items, atol=1e-6)

    def test_rows_of_the_user_item_graph_sum_to_one(self):
        model = MICRO(tiny_dataset(), **SMALL)
        rows = tf.sparse.reduce_sum(model.adjacency.tensor, axis=1)
        np.testing.assert_allclose(rows, np.ones(16), atol=1e-6)

    def test_contrast_starts_near_its_estimate(self):
        rng = np.random.default_rng(0)
        view = rng.normal(size=(300, 64)).astype("float32")
        fused = view + rng.normal(size=(300, 64)).astype("float32")
        model = MICRO(tiny_dataset(), **SMALL)
        cosine = np.mean(np.sum(unit_rows(view) * unit_rows(fused), axis=1))
        # ln(2 I) - 2 mean cos, but for the spread of the other cosines.
        np.testing.assert_allclose(
            model.contrast(view, fused), np.log(600) - 2 * cosine, atol=0.1
        )

    def test_weights_restored_within_an_epoch_continue_equally(self, tmp_path):
        models = [
            compiled(MICRO(tiny_dataset(), seed=seed, **SMALL))
            for seed in (0, 1)
        ]
        for model in models:
            model(np.arange(2))
        models[0].begin_epoch()
        models[0].train_step(tensors())
        models[0].save_weights(tmp_path / "micro.weights.h5")
        models[1].load_weights(tmp_path / "micro.weights.h5")
        results = [values(m.embed(training=True)) for m in models]
        for a, b in zip(*results):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize(
        "widths",
        [(("text", 4),), (("image", 5), ("text", 4), ("audio", 3))],
    )
    def test_any_modalities(self, widths):
        model = MICRO(tiny_dataset(widths), **SMALL)
        assert model(np.arange(7)).shape == (7, 9)
        for term in model.loss_terms(**tiny_batch()).values():
            assert np.isfinite(term)

    def test_a_row_of_zeros_is_survived(self):
        dataset = tiny_dataset()
        dataset.features["image"][3] = 0.0
        model = MICRO(dataset, **SMALL)
        loss, gradients = gradients_of(model)
        assert np.isfinite(loss)
        assert all(np.isfinite(g).all() for g in gradients.values())

    def test_refuses_a_weight_above_one(self):
        with pytest.raises(ValueError, match="initial_graph_weight=1.5"):
            MICRO(tiny_dataset(), initial_graph_weight=1.5)

    def test_trains_and_rebuilds_only_when_told(self):
        model = compiled(MICRO(tiny_dataset(), **SMALL))
        batches = tf.data.Dataset.from_tensors(tiny_batch())
        graphs, losses = [], []
        for rebuild in (True, False, True):
            if rebuild:
                model.begin_epoch()
            history = model.fit(batches, epochs=2, verbose=0).history
            losses += history["loss"]
            graphs.append(model.graph_weights["image"].numpy())
            assert not model.graph_is_stale.numpy()
        assert losses[-1] < losses[0]
        np.testing.assert_array_equal(graphs[0], graphs[1])
        assert np.abs(graphs[2] - graphs[1]).max() > 0

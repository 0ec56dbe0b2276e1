import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines.mmgcn import MMGCN
from camgr_tf.testing import directional_slopes
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.oracle import bipartite
from camgr_tf.testing.oracle import bpr
from camgr_tf.testing.oracle import dense
from camgr_tf.testing.oracle import unit_rows
from camgr_tf.training.adam import Adam


def mean_graph(interactions):
    """`D^-1 A`, dense, users first; a node without edges has zeros."""
    graph = bipartite(interactions)[1]
    return graph / np.maximum(graph.sum(axis=1, keepdims=True), 1.0)


def leaky(x):
    return np.where(x > 0, x, 0.01 * x)


def oracle_states(model, dataset):
    """MMGCN's equations in NumPy, with a model's weights."""
    graph = mean_graph(dataset.interactions)
    ids = np.asarray(model.id_table, "float64")
    results = []
    for m, features in dataset.features.items():
        items = features.astype("float64")
        if m == "image":
            items = dense(model.projections[m])(items)
        states = unit_rows(
            np.concatenate([np.asarray(model.user_tables[m]), items])
        )
        for k in range(3):
            convolution = np.asarray(model.convolutions[f"{m}_{k}"])
            neighbors = leaky(graph @ states @ convolution)
            own = leaky(dense(model.id_layers[f"{m}_{k}"])(states)) + ids
            joined = np.concatenate([neighbors, own], axis=1)
            states = leaky(dense(model.output_layers[f"{m}_{k}"])(joined))
        results.append(states)
    return np.split(sum(results) / len(results), [len(ids) - 9])


def gradients_of(model):
    with tf.GradientTape() as tape:
        loss = sum(model.loss_terms(**tiny_batch()).values())
    return tape.gradient(loss, [v.value for v in model.trainable_variables])


def train(model, epochs):
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(("bpr", "l2"))
    batches = tf.data.Dataset.from_tensors(tiny_batch())
    return model.fit(batches, epochs=epochs, verbose=0).history["loss"]


class TestMMGCN:
    def test_agrees_with_the_oracle(self):
        dataset = tiny_dataset()
        model = MMGCN(dataset, embedding_dim=6, projection_dim=7, l2_weight=0.3)
        users, items = oracle_states(model, dataset)
        received_users, received_items = model.embed()
        np.testing.assert_allclose(received_users, users, atol=1e-5)
        np.testing.assert_allclose(received_items, items, atol=1e-5)
        np.testing.assert_allclose(
            model(np.arange(7)), users @ items.T, atol=1e-5
        )
        terms = model.loss_terms(**tiny_batch())
        assert set(terms) == {"bpr", "l2"}
        u, i, j = tiny_batch().values()
        np.testing.assert_allclose(
            terms["bpr"], bpr(users[u], items[i], items[j]), atol=1e-5
        )
        # Two rows of each triple: (user, positive) and (user, negative).
        ids = np.asarray(model.id_table, "float64")
        pairs = [(a, b) for a, b in zip(u, i)] + [(a, b) for a, b in zip(u, j)]
        penalty = np.mean([ids[a] ** 2 + ids[7 + b] ** 2 for a, b in pairs])
        penalty += np.mean(np.asarray(model.user_tables["image"]) ** 2)
        np.testing.assert_allclose(terms["l2"], 0.3 * penalty, atol=1e-5)

    def test_shapes_of_the_standard_model(self):
        model = MMGCN(tiny_dataset())
        assert model.user_tables["image"].shape == (7, 256)
        assert model.user_tables["text"].shape == (7, 4)
        assert model.convolutions["image_0"].shape == (256, 256)
        assert model.convolutions["text_0"].shape == (4, 4)
        assert model.output_layers["text_0"].kernel.shape == (4 + 64, 64)
        assert model.convolutions["text_2"].shape == (64, 64)
        # Projection, and per branch 3 times (C, A and B with their biases).
        assert len(model.trainable_variables) == 2 + 2 * 3 * 5
        assert len(model.non_trainable_variables) == 3

    def test_random_tables_stay_as_they_are(self):
        model = MMGCN(tiny_dataset(), embedding_dim=6, projection_dim=7)
        frozen = [np.asarray(v) for v in model.non_trainable_variables]
        assert {f.shape for f in frozen} == {(16, 6), (7, 7), (7, 4)}
        losses = train(model, epochs=5)
        assert losses[-1] < losses[0]
        for before, after in zip(frozen, model.non_trainable_variables):
            np.testing.assert_array_equal(np.asarray(after), before)

    @pytest.mark.parametrize("train_ids", [False, True])
    def test_tables_of_other_weights_count_from_the_next_epoch(self, train_ids):
        options = {"embedding_dim": 6, "projection_dim": 7}
        model = MMGCN(tiny_dataset(), train_ids=train_ids, **options)
        before = model.loss_terms(**tiny_batch())["bpr"]
        for table in model.user_tables.values():
            table.assign(-np.asarray(table))
        users, items = oracle_states(model, tiny_dataset())
        np.testing.assert_allclose(model.embed()[0], users, atol=1e-5)
        u, i, j = tiny_batch().values()
        expected = bpr(users[u], items[i], items[j])
        assert abs(expected - before) > 1e-4
        model.begin_epoch()
        received = model.loss_terms(**tiny_batch())["bpr"]
        np.testing.assert_allclose(received, expected, atol=1e-5)

    def test_gradients_are_those_of_finite_differences(self):
        options = {"embedding_dim": 6, "projection_dim": 7}
        model = MMGCN(tiny_dataset(), **options)
        u, i, j = tiny_batch().values()

        def oracle_loss():
            users, items = oracle_states(model, tiny_dataset())
            return bpr(users[u], items[i], items[j])

        gradients = gradients_of(model)
        slopes = directional_slopes(model.trainable_variables, oracle_loss)
        for gradient, (direction, slope) in zip(gradients, slopes):
            np.testing.assert_allclose(
                np.sum(gradient * direction), slope, rtol=2e-2, atol=1e-7
            )

    def test_penalty_has_no_effect_on_gradients(self):
        options = {"embedding_dim": 6, "projection_dim": 7}
        without = MMGCN(tiny_dataset(), l2_weight=0.0, **options)
        heavy = MMGCN(tiny_dataset(), l2_weight=100.0, **options)
        for a, b in zip(gradients_of(without), gradients_of(heavy)):
            # A GPU adds in another order each time; a penalty that counted
            # would move a gradient by 1e-2 and more.
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)

    def test_trained_ids_move_and_are_regularized(self):
        options = {"embedding_dim": 6, "projection_dim": 7, "train_ids": True}
        without = MMGCN(tiny_dataset(), l2_weight=0.0, **options)
        heavy = MMGCN(tiny_dataset(), l2_weight=100.0, **options)
        assert not heavy.non_trainable_variables
        index = next(
            k
            for k, v in enumerate(heavy.trainable_variables)
            if v is heavy.user_tables["image"]
        )
        difference = gradients_of(heavy)[index] - gradients_of(without)[index]
        # The slope of 100 mean(T^2) over 7 x 7 entries.
        expected = 100.0 * 2.0 * np.asarray(heavy.user_tables["image"]) / 49
        np.testing.assert_allclose(difference, expected, rtol=1e-3, atol=1e-5)

    def test_leaky_slope_is_that_of_pytorch(self):
        model = MMGCN(tiny_dataset(), embedding_dim=6, projection_dim=7)
        for m in ("image", "text"):
            layer = model.output_layers[f"{m}_2"]
            layer.kernel.assign(np.zeros(layer.kernel.shape))
            layer.bias.assign([-1.0, 1.0, -2.0, 2.0, 0.0, -100.0])
        users, _ = model.embed()
        np.testing.assert_allclose(
            users[0], [-0.01, 1.0, -0.02, 2.0, 0.0, -1.0], rtol=1e-6
        )

    @pytest.mark.parametrize(
        "widths",
        [
            (("text", 4),),
            (("image", 5),),
            (("audio", 3), ("image", 5), ("text", 4)),
        ],
    )
    def test_any_modalities(self, widths):
        model = MMGCN(
            tiny_dataset(widths),
            embedding_dim=6,
            projection_dim=7,
            projected_modalities="image,audio",
        )
        assert set(model.projections) == {m for m, _ in widths} - {"text"}
        assert model(np.arange(7)).shape == (7, 9)
        for term in model.loss_terms(**tiny_batch()).values():
            assert np.isfinite(term)

    def test_refuses_no_layers(self):
        with pytest.raises(ValueError, match="num_layers=0"):
            MMGCN(tiny_dataset(), num_layers=0)

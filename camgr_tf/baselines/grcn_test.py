import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines.grcn import GRCN
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.oracle import bpr
from camgr_tf.testing.oracle import dense
from camgr_tf.testing.oracle import unit_rows
from camgr_tf.training.adam import Adam


def directed_edges(interactions):
    """Pairs `(source, target)`, one direction after the other."""
    pairs = [(u, interactions.num_users + i) for u, i in interactions.train]
    return pairs + [(target, source) for source, target in pairs]


def oracle_states(model, dataset, num_routings=0):
    """GRCN's equations edge by edge in NumPy, with a model's weights."""
    edges = directed_edges(dataset.interactions)
    num_users = dataset.interactions.num_users
    incoming = {t: [s for s, e in edges if e == t] for _, t in edges}
    contents, attentions = [], []
    for m, features in dataset.features.items():
        items = dense(model.projections[m])(features.astype("float64"))
        items = unit_rows(np.where(items > 0, items, 0.01 * items))
        users = unit_rows(np.asarray(model.user_tables[m], "float64"))
        for _ in range(num_routings):
            for u in range(num_users):
                own = np.array(incoming.get(u, []), int) - num_users
                if len(own):
                    weights = np.exp(items[own] @ users[u])
                    drawn = (weights / weights.sum()) @ items[own]
                    moved = users[u] + drawn
                    users[u] = moved / np.linalg.norm(moved)
        states = np.concatenate([users, items])
        attention, content = {}, states.copy()
        for t, sources in incoming.items():
            weights = np.exp(states[sources] @ states[t])
            for s, weight in zip(sources, weights / weights.sum()):
                attention[s, t] = weight
                content[t] = content[t] + weight * states[s]
        contents.append(content)
        attentions.append(attention)
    confidences = np.asarray(model.confidences, "float64")
    graph = np.zeros((len(confidences),) * 2)
    for s, t in edges:
        graph[t, s] = max(
            0.0,
            *(a[s, t] * confidences[s, k] for k, a in enumerate(attentions)),
        )
    start = unit_rows(np.asarray(model.id_table, "float64"))
    identity = start + graph @ start + graph @ graph @ start
    states = np.concatenate([identity, *contents], axis=1)
    return np.split(states, [num_users]), graph


def strengthen(model):
    """Confidences of order one, of both signs: some edges are pruned."""
    model.confidences.assign(np.asarray(model.confidences) * 4.0)


class TestGRCN:
    @pytest.mark.parametrize("route", [False, True])
    def test_agrees_with_the_oracle(self, route):
        dataset = tiny_dataset()
        model = GRCN(
            dataset, embedding_dim=6, l2_weight=0.3, route_prototypes=route
        )
        strengthen(model)
        (users, items), graph = oracle_states(
            model, dataset, num_routings=3 if route else 0
        )
        edges = directed_edges(dataset.interactions)
        num_kept = np.count_nonzero(graph)
        assert 0 < num_kept < len(edges)
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
        ids = np.asarray(model.id_table, "float64")
        pairs = list(zip(u, i)) + list(zip(u, j))
        penalty = np.mean([ids[a] ** 2 + ids[7 + b] ** 2 for a, b in pairs])
        image = np.asarray(model.user_tables["image"], "float64")
        text = np.asarray(model.user_tables["text"], "float64")
        penalty += np.mean(image**2)
        penalty += np.mean(image[u] ** 2) + np.mean(text[u] ** 2)
        np.testing.assert_allclose(terms["l2"], 0.3 * penalty, atol=1e-5)

    def test_attention_sums_to_one_into_every_node_with_edges(self):
        model = GRCN(tiny_dataset(), embedding_dim=6)
        for m in model.modalities:
            _, attention = model.content(m)
            sums = np.bincount(
                model.adjacency.targets, np.asarray(attention), minlength=16
            )
            expected = np.ones(16)
            expected[6] = expected[7 + 8] = 0.0  # the cold user and item
            np.testing.assert_allclose(sums, expected, atol=1e-6)

    def test_a_node_without_edges_keeps_its_content(self):
        model = GRCN(tiny_dataset(), embedding_dim=6)
        states, _ = model.content("image")
        np.testing.assert_allclose(
            states[6],
            unit_rows(np.asarray(model.user_tables["image"]))[6],
            1e-5,
        )

    def test_rounds_of_the_released_routing_do_not_matter(self):
        models = [
            GRCN(tiny_dataset(), embedding_dim=6, num_routings=rounds)
            for rounds in (0, 3)
        ]
        for a, b in zip(models[0].embed(), models[1].embed()):
            np.testing.assert_array_equal(a, b)

    def test_no_confidence_leaves_the_ids_alone(self):
        model = GRCN(tiny_dataset(), embedding_dim=6)
        model.confidences.assign(-np.ones((16, 2)))
        users, items = model.embed()
        ids = np.concatenate([users, items])[:, :6]
        np.testing.assert_allclose(
            ids, unit_rows(np.asarray(model.id_table)), atol=1e-6
        )

    @pytest.mark.parametrize("route", [False, True])
    def test_gradients_are_those_of_finite_differences(self, route):
        """Along a random direction of each weight, in float32."""
        model = GRCN(tiny_dataset(), embedding_dim=6, route_prototypes=route)
        strengthen(model)
        variables = model.trainable_variables

        def loss():
            return model.loss_terms(**tiny_batch())["bpr"]

        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, [v.value for v in variables])
        rng = np.random.default_rng(0)
        for variable, gradient in zip(variables, gradients):
            start = np.asarray(variable)
            direction = rng.normal(size=start.shape)
            direction *= 1e-2 / np.linalg.norm(direction)
            variable.assign(start + direction)
            above = float(loss())
            variable.assign(start - direction)
            below = float(loss())
            variable.assign(start)
            expected = np.sum(tf.convert_to_tensor(gradient) * direction)
            np.testing.assert_allclose(
                (above - below) / 2, expected, rtol=0.02, atol=2e-6
            )

    @pytest.mark.parametrize(
        "widths",
        [(("text", 4),), (("image", 5), ("text", 4), ("audio", 3))],
    )
    def test_any_modalities(self, widths):
        model = GRCN(tiny_dataset(widths), embedding_dim=6)
        users, items = model.embed()
        assert users.shape == (7, 6 * (1 + len(widths)))
        assert items.shape == (9, 6 * (1 + len(widths)))
        for term in model.loss_terms(**tiny_batch()).values():
            assert np.isfinite(term)

    def test_trains(self):
        model = GRCN(tiny_dataset(), embedding_dim=6)
        model.compile(optimizer=Adam(0.01), jit_compile=False)
        model.track_losses(("bpr", "l2"))
        batches = tf.data.Dataset.from_tensors(tiny_batch())
        losses = model.fit(batches, epochs=5, verbose=0).history["loss"]
        assert losses[-1] < losses[0]

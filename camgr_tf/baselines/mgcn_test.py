from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.baselines.mgcn import MGCN
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam

TERMS = ["bpr", "info_nce", "l2"]


def expected_states(model, dataset):
    """`H`, `side` of all nodes, by the formulas."""
    matrix, graph = oracle.bipartite(dataset.interactions)
    graph = oracle.symmetric(graph)
    items = np.asarray(model.item_table, "float64")
    nodes = oracle.lightgcn(
        graph,
        np.concatenate([np.asarray(model.user_table), items]),
        model.num_layers,
    )
    modal = {}
    for m, features in dataset.features.items():
        aligned = oracle.dense(model.aligners[m])(features.astype("float64"))
        gated = items * oracle.sigmoid(oracle.dense(model.gates[m])(aligned))
        smooth = oracle.similar_items(features, model.num_neighbors) @ gated
        modal[m] = np.concatenate([graph[:7, 7:] @ smooth, smooth])
    logits = {
        m: oracle.dense(model.query_logit)(
            np.tanh(oracle.dense(model.query_hidden)(states))
        )
        for m, states in modal.items()
    }
    total = sum(np.exp(x) for x in logits.values())
    common = sum(np.exp(logits[m]) / total * c for m, c in modal.items())
    specific = sum(
        oracle.sigmoid(oracle.dense(model.preferences[m])(nodes)) * (c - common)
        for m, c in modal.items()
    )
    return nodes, (specific + common) / (len(modal) + 1)


@pytest.fixture
def dataset():
    return tiny_dataset()


@pytest.mark.parametrize(
    "widths",
    [
        (("image", 5), ("text", 4)),
        (("text", 4),),
        (("image", 5), ("audio", 3), ("text", 4)),
    ],
)
def test_embeddings_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    model = MGCN(dataset, num_neighbors=4)
    nodes, side = expected_states(model, dataset)
    users, items = model.embed()
    np.testing.assert_allclose(users, (nodes + side)[:7], atol=1e-5)
    np.testing.assert_allclose(items, (nodes + side)[7:], atol=1e-5)
    # The cold user has no content, only itself.
    np.testing.assert_array_equal(side[6], np.zeros(64))


def test_loss_agrees_with_the_oracle(dataset):
    model = MGCN(
        dataset,
        num_neighbors=4,
        contrastive_weight=0.3,
        l2_weight=2.0,
        batch_size=5,
    )
    batch = tiny_batch()
    u = batch["user_ids"]
    i = batch["positive_item_ids"] + 7
    j = batch["negative_item_ids"] + 7
    nodes, side = expected_states(model, dataset)
    final = nodes + side
    expected = {
        "bpr": oracle.bpr(final[u], final[i], final[j]),
        "info_nce": 0.3
        * (
            oracle.contrast(side[i], nodes[i], 0.2)
            + oracle.contrast(side[u], nodes[u], 0.2)
        ),
        # Over the configured 5 rows, not the 4 of this batch.
        "l2": 2.0 * oracle.half(5, final[u], final[i], final[j]),
    }
    terms = model.loss_terms(**batch)
    assert list(terms) == TERMS
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name


def test_equal_modalities_leave_a_third_of_the_common_part(dataset):
    model = MGCN(dataset, num_neighbors=4)
    rng = np.random.default_rng(0)
    nodes, content = (
        ops.convert_to_tensor(rng.normal(size=(5, 64)).astype("float32"))
        for _ in range(2)
    )
    side = model.side(nodes, {"image": content, "text": content})
    np.testing.assert_allclose(side, np.asarray(content) / 3, atol=1e-6)


def test_zero_query_weighs_modalities_equally(dataset):
    model = MGCN(dataset, num_neighbors=4)
    model.query_logit.set_weights([np.zeros((64, 1))])
    for m in ("image", "text"):
        # Preference sigmoid(-1000) = 0: only the common part is left.
        model.preferences[m].set_weights(
            [np.zeros((64, 64)), np.full(64, -1000.0)]
        )
    image, text = ops.ones((1, 64)), 4.0 * ops.ones((1, 64))
    side = model.side(ops.zeros((1, 64)), {"image": image, "text": text})
    # ((1 + 4) / 2) / 3.
    np.testing.assert_allclose(side, np.full((1, 64), 2.5 / 3), atol=1e-6)


def test_without_side_it_is_lightgcn(dataset):
    model = MGCN(dataset, num_neighbors=4, contrastive_weight=0.0)
    model.side = lambda nodes, modal: ops.zeros_like(nodes)
    other = LightGCN(dataset, num_layers=2)
    other.user_table.assign(model.user_table)
    other.item_table.assign(model.item_table)
    everyone = np.arange(7)
    np.testing.assert_allclose(model(everyone), other(everyone), atol=1e-6)
    assert float(model.loss_terms(**tiny_batch())["info_nce"]) == 0.0


def test_item_graph_reproduces_the_fixture():
    dataset = tiny_dataset()
    three = replace(
        dataset,
        interactions=replace(
            dataset.interactions,
            num_items=3,
            train=np.array([[0, 0], [1, 1], [2, 2]], "int32"),
            validation=np.empty((0, 2), "int32"),
            test=np.empty((0, 2), "int32"),
        ),
        features={"image": np.array([[1, 0], [0, 1], [2, 1]], "float32")},
    )
    graph = MGCN(three, num_neighbors=2).item_graphs["image"]
    dense = np.zeros((3, 3))
    dense[graph.targets, graph.sources] = graph.tensor.values
    np.testing.assert_allclose(
        dense,
        [[0.5279, 0, 0.4721], [0, 0.6910, 0.2701], [0.4721, 0, 0.5279]],
        atol=5e-5,
    )


def test_ranking_loss_starts_at_log_2():
    tiny = tiny_dataset()
    rng = np.random.default_rng(0)
    dataset = replace(
        tiny,
        interactions=replace(tiny.interactions, num_users=3000, num_items=1000),
        features={m: rng.normal(size=(1000, 32)) for m in ("image", "text")},
    )
    terms = MGCN(dataset).loss_terms(
        rng.integers(3000, size=1000),
        rng.permutation(1000),
        rng.permutation(1000),
    )
    assert float(terms["bpr"]) == pytest.approx(0.693, abs=2e-3)


def test_no_modality_is_refused():
    dataset = replace(tiny_dataset(), features={})
    with pytest.raises(ValueError, match="MGCN needs item features.*'tiny'"):
        MGCN(dataset)


def test_step_moves_all_weights_and_no_graph(dataset):
    model = MGCN(dataset, num_neighbors=4)
    model.compile(optimizer=Adam(0.01), jit_compile=False)
    model.track_losses(TERMS)
    before = [np.asarray(v).copy() for v in model.trainable_variables]
    graphs = {
        m: np.array(g.tensor.values) for m, g in model.item_graphs.items()
    }
    model.train_step(tiny_batch())
    # Tables, features, aligners, gates, preferences, query.
    assert len(before) == 2 + 2 + 4 + 4 + 4 + 3
    for old, variable in zip(before, model.trainable_variables):
        assert np.any(np.asarray(variable) != old), variable.path
    for m, values in graphs.items():
        np.testing.assert_array_equal(
            model.item_graphs[m].tensor.values, values
        )

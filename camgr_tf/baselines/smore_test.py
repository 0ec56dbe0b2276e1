from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.baselines.smore import SMORE
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

WIDTHS = [
    (("image", 5), ("text", 4)),
    (("text", 4),),
    (("image", 5), ("audio", 3), ("text", 4)),
]


def build(dataset, **parameters):
    """A model whose item table leaves the range in which losses are linear."""
    given = {"num_neighbors": 4, "num_further_neighbors": 3, **parameters}
    model = SMORE(dataset, embedding_dim=6, **given)
    model.item_table.assign(2.0 * np.asarray(model.item_table))
    return model


def expected_states(model, dataset, masks=None, read=oracle.read):
    """`H` and `side` of all nodes, by the formulas, with NumPy's FFT."""
    graph = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    items = read(model.item_table)
    nodes = oracle.lightgcn(
        graph,
        np.concatenate([read(model.user_table), items]),
        model.num_layers,
    )
    spectra, graphs = {}, {}
    for place, m in enumerate(model.modalities):
        aligned = oracle.affine(model.aligners[m], read)(
            read(model.feature_tables[m])
        )
        spectra[m] = np.fft.rfft(aligned, norm="ortho")
        graphs[m] = oracle.similar_items(dataset.features[m], 3 if place else 4)
    spectra["fused"] = np.prod(list(spectra.values()), axis=0)
    graphs["fused"] = np.max(list(graphs.values()), axis=0)
    states = {}
    filters = read(model.spectral_fusion.filters)
    for (v, values), (real, imaginary) in zip(spectra.items(), filters):
        filtered = np.fft.irfft(
            values * (real + 1j * imaginary), 6, norm="ortho"
        )
        gate = oracle.sigmoid(oracle.affine(model.gates[v], read)(filtered))
        smooth = graphs[v] @ (items * gate)
        states[v] = np.concatenate([graph[:7, 7:] @ smooth, smooth])
    side = 0.0
    for v, values in states.items():
        gate = oracle.sigmoid(oracle.affine(model.preferences[v], read)(nodes))
        part = gate * values * (1.0 if masks is None else masks[v])
        if v != "fused":
            hidden = np.tanh(
                oracle.affine(model.queries_hidden[v], read)(states["fused"])
            )
            logits = oracle.affine(model.queries[v], read)(hidden)
            weights = np.exp(logits)
            part = part * weights / weights.sum(axis=1, keepdims=True)
        side = side + part
    return nodes, side / len(states)


def expected_terms(model, dataset, masks=None, read=oracle.read):
    nodes, side = expected_states(model, dataset, masks, read)
    final = nodes + side
    u, i, j = tiny_batch().values()
    i, j = i + 7, j + 7
    return {
        "bpr": oracle.bpr(final[u], final[i], final[j]),
        "info_nce": model.contrastive_weight
        * (
            oracle.contrast(side[i], nodes[i], model.temperature)
            + oracle.contrast(side[u], nodes[u], model.temperature)
        ),
        "l2": model.l2_weight
        * oracle.half(model.batch_size, final[u], final[i], final[j]),
    }


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_embeddings_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    model = build(dataset)
    nodes, side = expected_states(model, dataset)
    users, items = model.embed()
    np.testing.assert_allclose(users, (nodes + side)[:7], atol=1e-5)
    np.testing.assert_allclose(items, (nodes + side)[7:], atol=1e-5)
    # The cold user has no content, only itself.
    np.testing.assert_array_equal(side[6], np.zeros(6))


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_loss_and_gradients_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    model = build(
        dataset,
        dropout=0.0,
        contrastive_weight=0.3,
        l2_weight=2.0,
        batch_size=5,
    )
    expected = expected_terms(model, dataset)
    terms = model.loss_terms(**tiny_batch())
    assert list(terms) == list(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name
    oracle.assert_gradients(
        model.trainable_variables,
        lambda: sum(model.loss_terms(**tiny_batch()).values()),
        lambda read: sum(expected_terms(model, dataset, read=read).values()),
    )


def test_the_gates_are_dropped_out_in_training_alone():
    dataset = tiny_dataset()
    model = build(dataset, dropout=0.5)
    drawn = []
    original = model.gate_masks

    def recorded(rows=None):
        drawn.append(original())
        if rows is None:
            return drawn[-1]
        return {v: np.asarray(mask)[rows] for v, mask in drawn[-1].items()}

    model.gate_masks = recorded
    terms = model.loss_terms(**tiny_batch())
    masks = {v: np.asarray(mask) for v, mask in drawn[0].items()}
    expected = expected_terms(model, dataset, masks)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name
    # A mask for each view, of 0 and 2 in equal parts.
    values = np.stack(list(masks.values()))
    assert set(np.unique(values)) == {0.0, 2.0}
    assert abs(values.mean() - 1.0) < 0.25
    assert np.any(values[0] != values[1]) and np.any(values[1] != values[2])
    model.embed(training=False)
    assert len(drawn) == 1


def test_union_of_the_item_graphs_by_hand():
    tiny = tiny_dataset()
    dataset = replace(
        tiny,
        interactions=replace(
            tiny.interactions,
            num_items=3,
            train=np.array([[0, 0], [1, 1], [2, 2]], "int32"),
            validation=np.empty((0, 2), "int32"),
            test=np.empty((0, 2), "int32"),
        ),
        features={
            "image": np.array([[1, 0], [0, 1], [2, 1]], "float32"),
            "text": np.array([[1, 0], [1, 0.2], [0, 1]], "float32"),
        },
    )
    graph = SMORE(dataset, num_neighbors=2).item_graphs["fused"]
    dense = np.zeros((3, 3))
    dense[graph.targets, graph.sources] = graph.tensor.values
    np.testing.assert_allclose(
        dense,
        [
            [0.5279, 0.4951, 0.4721],
            [0.4951, 0.6910, 0.2701],
            [0.4721, 0.1274, 0.8360],
        ],
        atol=5e-5,
    )


def test_a_query_of_zero_weighs_all_channels_alike():
    model = build(tiny_dataset())
    for m in model.modalities:
        model.queries[m].set_weights([np.zeros((6, 6))])
    for v in model.views:
        # Every gate is sigmoid(0) = 1/2.
        model.preferences[v].set_weights([np.zeros((6, 6)), np.zeros(6)])
    one = np.ones((1, 6), "float32")
    side = model.side(one, {"image": one, "text": 2 * one, "fused": 3 * one})
    # (1/2 1/6 1 + 1/2 1/6 2 + 1/2 3) / 3.
    np.testing.assert_allclose(side, np.full((1, 6), 1.75 / 3), atol=1e-6)


def test_without_side_it_is_lightgcn():
    dataset = tiny_dataset()
    model = build(dataset, contrastive_weight=0.0)
    model.side = lambda nodes, states, masks=None: np.zeros_like(nodes)
    other = LightGCN(dataset, num_layers=4, embedding_dim=6)
    other.user_table.assign(model.user_table)
    other.item_table.assign(model.item_table)
    everyone = np.arange(7)
    np.testing.assert_allclose(model(everyone), other(everyone), atol=1e-6)


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match="SMORE needs item features"):
        SMORE(replace(tiny_dataset(), features={}))
    for value in (1.0, -0.1, np.nan):
        with pytest.raises(
            ValueError, match=r"`dropout` must be .*in \[0, 1\)"
        ):
            build(tiny_dataset(), dropout=value)


class GivenRows:
    """Neighbors of two new items, fixed for each modality."""

    image = np.array([[0.5, 0.25, 0, 0, 0, 0, 0, 0, 0], [0] * 8 + [1.0]])
    text = np.array([[0.125, 0, 0.75, 0, 0, 0, 0, 0, 0], [0.5] + [0] * 8])

    def rows(self, modality, new_features, num_neighbors, item_graph):
        assert num_neighbors == {"image": 4, "text": 3}[modality]
        assert new_features == modality
        return scipy.sparse.csr_matrix(getattr(self, modality))


def test_a_new_item_sees_the_union_of_its_neighbors():
    model = build(tiny_dataset())
    vectors = model.embed_items({m: m for m in model.modalities}, GivenRows())
    rows = [GivenRows.image, GivenRows.text]
    rows.append(np.maximum(*rows))
    states = [r @ np.asarray(z) for r, z in zip(rows, model.gated_items())]
    expected = 0.0
    for v, c in zip(model.views, states):
        part = oracle.sigmoid(oracle.read(model.preferences[v].bias)) * c / 3
        if v != "fused":
            hidden = np.tanh(oracle.affine(model.queries_hidden[v])(states[2]))
            weights = np.exp(oracle.affine(model.queries[v])(hidden))
            part = part * weights / weights.sum(axis=1, keepdims=True)
        expected = expected + part
    np.testing.assert_allclose(vectors, expected, atol=1e-6)

from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.pgl import PGL
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

WIDTHS = [
    (("image", 5), ("text", 4)),
    (("text", 4),),
    (("image", 5), ("audio", 3), ("text", 4)),
]


def build(dataset, **parameters):
    return PGL(dataset, num_neighbors=4, embedding_dim=6, **parameters)


def expected_embeddings(model, dataset, graph, read=oracle.read):
    contents = np.concatenate(
        [
            oracle.unit_rows(
                oracle.affine(model.projections[m], read)(
                    read(model.feature_tables[m])
                )
            )
            for m in model.modalities
        ],
        axis=1,
    )
    users = np.concatenate(
        [read(model.user_tables[m]) for m in model.modalities], axis=1
    )
    nodes = oracle.lightgcn(
        graph, np.concatenate([users, contents]), model.num_layers
    )
    smoothed = contents
    for _ in range(model.num_item_layers):
        smoothed = (
            oracle.blended(dataset.features, 4, model.first_weight) @ smoothed
        )
    return nodes[:7], nodes[7:] + smoothed


def expected_terms(model, dataset, read=oracle.read):
    """Without dropout."""
    graph = oracle.sampled(model.edge_sampling)
    users, items = expected_embeddings(model, dataset, graph, read)
    u, i, j = tiny_batch().values()
    return {
        "bpr": oracle.bpr(users[u], items[i], items[j]),
        "info_nce": model.contrastive_weight
        / 2
        * (
            oracle.contrast(users[u], users[u], model.temperature)
            + oracle.contrast(items[i], items[i], model.temperature)
        ),
    }


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
@pytest.mark.parametrize("num_item_layers", [1, 2])
def test_embeddings_agree_with_the_oracle(widths, num_item_layers):
    dataset = tiny_dataset(widths)
    model = build(dataset, num_item_layers=num_item_layers, first_weight=0.3)
    whole = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    for training, graph in (
        (False, whole),
        (True, oracle.sampled(model.edge_sampling)),
    ):
        expected = expected_embeddings(model, dataset, graph)
        for found, values in zip(model.embed(training), expected):
            np.testing.assert_allclose(found, values, atol=1e-5)


@pytest.mark.parametrize("widths", WIDTHS, ids=len)
def test_loss_and_gradients_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    model = build(dataset, dropout=0.0, contrastive_weight=0.6)
    model.begin_epoch(2)
    terms = model.loss_terms(**tiny_batch())
    expected = expected_terms(model, dataset)
    assert list(terms) == list(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, abs=1e-5), name
    oracle.assert_gradients(
        model.trainable_variables,
        lambda: sum(model.loss_terms(**tiny_batch()).values()),
        lambda read: sum(expected_terms(model, dataset, read).values()),
    )


def test_contrast_of_two_orthogonal_rows_by_hand():
    # log(1 + exp(-1 / .2)); the length of a row does not matter.
    model = build(tiny_dataset(), dropout=0.0)
    states = np.array([[3.0, 0.0], [0.0, 0.5]], "float32")
    assert float(model.contrast(states)) == pytest.approx(0.006715, abs=1e-6)


def test_contrast_is_of_two_dropouts():
    model = build(tiny_dataset(), dropout=0.5)
    ones = np.ones((200, 40), "float32")
    # Two masks that keep a half agree in a half: the cosine is about .5 both
    # of a row with itself and with others. One mask would give 1 and .5.
    contrast = float(model.contrast(ones))
    assert contrast == pytest.approx(np.log(200), abs=0.15)
    assert contrast != float(model.contrast(ones))


def test_without_contrast_only_the_graph_tells_training_from_evaluation():
    dataset = tiny_dataset()
    model = build(dataset, contrastive_weight=0.0)
    model.training_graph = lambda: model.adjacency
    u, i, j = tiny_batch().values()
    scores = np.asarray(model(u))
    rows = np.arange(4)
    margins = scores[rows, i] - scores[rows, j]
    terms = model.loss_terms(**tiny_batch())
    assert list(terms) == ["bpr"]
    assert float(terms["bpr"]) == pytest.approx(
        np.mean(np.log1p(np.exp(-margins))), abs=1e-5
    )


def test_an_item_without_training_rows_keeps_a_third_of_its_content():
    dataset = tiny_dataset()
    model = build(dataset)
    contents = np.asarray(model.item_contents())
    graph = oracle.blended(dataset.features, 4, 0.1)
    _, items = model.embed()
    np.testing.assert_allclose(
        items[8], contents[8] / 3 + graph[8] @ contents, atol=1e-5
    )
    # Each modality's part of a row has length 1.
    np.testing.assert_allclose(
        np.linalg.norm(contents.reshape(9, 2, 6), axis=2), np.ones((9, 2)), 1e-5
    )


def test_a_sample_of_three_tenths_for_each_epoch():
    model = build(tiny_dataset(), dropout=0.0)
    assert model.edge_sampling.num_edges == 5  # of 17
    losses = []
    for epoch in (0, 1, 2, 1):
        model.begin_epoch(epoch)
        losses.append(float(model.loss_terms(**tiny_batch())["bpr"]))
    assert losses[1] == losses[3]
    assert len(set(losses)) == 3


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match="PGL needs item features"):
        PGL(replace(tiny_dataset(), features={}))
    for value in (1.0, -0.1, np.nan):
        with pytest.raises(
            ValueError, match=r"`dropout` must be .*in \[0, 1\)"
        ):
            build(tiny_dataset(), dropout=value)

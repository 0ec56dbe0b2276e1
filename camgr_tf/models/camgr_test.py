import numpy as np
import pytest
import tensorflow as tf

from camgr_tf import numpy_reference as reference
from camgr_tf.graphs import bipartite_matrix
from camgr_tf.models.camgr import CAmgr
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

WIDTHS = (("image", 5), ("text", 4), ("sound", 6))
SIZES = {
    "embedding_dim": 8,
    "num_neighbors": 4,
    "edge_dropout": 0.0,
    "attention": "channel",
    "identity_start": False,
}
CONFIGURATIONS = [
    # The paper's: attention encoder, channel attention, two modalities.
    (
        2,
        {
            "encoder": "attention",
            "num_layers": 2,
            "num_modal_layers": 0,
            "left_out": "none",
            "self_loops": True,
            "normalize_contrast": False,
            "contrast_over": "all",
            "l2_on": "weights",
        },
    ),
    (
        2,
        {
            "contrast_over": "all",
            "user_aggregation": "symmetric",
            "num_layers": 2,
            "num_modal_layers": 1,
            "left_out": "all",
            "attention": "nodes",
        },
    ),
    # The default's attention, with three modalities.
    (
        3,
        {
            "num_layers": 1,
            "num_modal_layers": 1,
            "left_out": "all",
            "attention": "preference",
            "contrast_over": "all",
            "l2_on": "embeddings",
        },
    ),
    (
        3,
        {
            "encoder": "propagation",
            "left_out": "aggregation",
            "self_loops": True,
            "num_layers": 3,
            "num_modal_layers": 2,
            "purification": "item",
            "query_modality": "image",
            "attention": "heads",
            "num_heads": 4,
            "contrast_over": "own_pairs",
            "projections": "dense",
            "share_projections": False,
            "temperature": 0.5,
            "contrastive_weight": 0.3,
            "l2_weight": 0.02,
            "batch_size": 16,
        },
    ),
]


def _model(num_modalities=2, **arguments):
    """A model with random weights, far from its start."""
    dataset = tiny_dataset(WIDTHS[:num_modalities])
    model = CAmgr(dataset, **(SIZES | arguments))
    rng = np.random.default_rng(7)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(0.1, 0.4, size=weight.shape))
    return model, dataset


def _encode(model, dataset, num_layers, left_out=()):
    """Eq. 7-9; the edges `left_out` carry nothing."""
    users, items = np.float64(model.user_table), np.float64(model.item_table)
    states = np.concatenate([users, items])
    edges = _edges(model, dataset)
    layers = [states]
    for layer in range(num_layers):
        if model.encoder == "attention":
            kernel, attention = (
                np.float64(w)
                for w in model.attention_layers[layer].get_weights()
            )
            states = reference.graph_attention(
                states,
                [np.flatnonzero(row).tolist() for row in edges],
                kernel,
                attention.T.ravel(),
                lambda x: np.maximum(x, 0.0),
                0.2,
            )
        else:
            states = _gather(edges, states, left_out)
        layers.append(states)
    return np.mean(layers, axis=0)


def _edges(model, dataset):
    edges = bipartite_matrix(dataset.interactions).toarray() != 0
    return edges | np.eye(len(edges), dtype=bool) & model.self_loops


def _gather(edges, states, left_out):
    """One layer of LightGCN."""
    degrees = edges.sum(axis=1)
    total = np.zeros_like(states)
    for n, i in np.argwhere(edges):
        if (min(n, i), max(n, i) - 7) not in left_out:
            total[n] += states[i] / np.sqrt(degrees[n] * degrees[i])
    return total


def _fused(model, dataset, nodes, not_bought=(), not_averaged=()):
    """Eq. 1-6 and 10-26.

    The pairs `not_bought` are not averaged in eq. 2-4 and carry nothing
    behind eq. 14, the pairs `not_averaged` are not averaged in eq. 14.
    """
    edges = _edges(model, dataset)
    users, items = np.float64(model.user_table), np.float64(model.item_table)
    behavior = items
    if model.purification == "item_user":
        behavior = reference.behavior(users, items, TINY_TRAIN, not_bought)
    modal = {}
    for modality, features in dataset.features.items():
        weights = reference.named_weights(model.purifiers[modality])
        states = reference.semantic_convolution(
            reference.semantic_graph(features, SIZES["num_neighbors"]),
            reference.purify(weights, features, behavior),
            7,
            TINY_TRAIN,
            not_averaged,
            model.user_aggregation,
        )
        layers = [states]
        for _ in range(model.num_modal_layers):
            layers.append(_gather(edges, layers[-1], not_bought))
        modal[modality] = np.mean(layers, axis=0)
    shares = None
    if model.query_modality == "all":
        shares = reference.softmax(model.modality_mean.logits.numpy())
        query = sum(w * h for w, h in zip(shares, modal.values()))
    else:
        query = modal.pop(model.query_modality)
    return sum(
        reference.fuse(
            reference.named_weights(model.fusion),
            query,
            list(modal.values()) or [query],
            nodes,
            model.fusion.attention,
            shares,
            num_heads=model.fusion.num_heads,
            share_projections=model.fusion.share_projections,
        )
    )


def _l2(model, final, rows):
    """`||w||^2` of eq. 31."""
    if model.l2_on == "weights":
        return sum(np.sum(np.square(w)) for w in model.get_weights())
    if model.l2_on == "embeddings":
        final = np.concatenate([model.user_table, model.item_table])
    return np.sum(final[rows] ** 2) / (2 * model.batch_size)


def _contrast(model, fused, nodes, rows):
    """Eq. 30 for users or for items."""
    queries, keys, own = fused[rows], nodes[rows], None
    if model.contrast_over == "own_pairs":
        cosines = [
            q @ k / np.linalg.norm(q) / np.linalg.norm(k)
            for q, k in zip(queries, keys)
        ]
        weights = reference.softmax(np.array(cosines) / model.temperature)
        return -np.mean(np.log(weights))
    if model.contrast_over == "all":
        # The first seven rows are users.
        first = 0 if rows.max() < 7 else 7
        keys, own = (nodes[7:] if first else nodes[:7]), rows - first
    return reference.info_nce(
        queries, keys, model.temperature, own, model.normalize_contrast
    )


@pytest.mark.parametrize("num_modalities, arguments", CONFIGURATIONS)
def test_embeddings_and_loss_terms_equal_the_equations(
    num_modalities, arguments
):
    model, dataset = _model(num_modalities, **arguments)
    nodes = _encode(model, dataset, arguments["num_layers"])
    fused = _fused(model, dataset, nodes)
    final = nodes + fused
    users, items = model.embed()
    np.testing.assert_allclose(users, final[:7], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(items, final[7:], rtol=1e-3, atol=1e-4)

    batch = tiny_batch()
    pairs = set(
        zip(batch["user_ids"].tolist(), batch["positive_item_ids"].tolist())
    )
    everywhere = pairs if model.left_out == "all" else ()
    nodes = _encode(model, dataset, arguments["num_layers"], everywhere)
    fused = _fused(
        model,
        dataset,
        nodes,
        everywhere,
        () if model.left_out == "none" else pairs,
    )
    final = nodes + fused
    u, i, j = (
        batch["user_ids"],
        batch["positive_item_ids"] + 7,
        batch["negative_item_ids"] + 7,
    )
    differences = np.sum(final[u] * (final[i] - final[j]), axis=1)
    expected = {
        "bpr": -np.mean(np.log(reference.sigmoid(differences))),
        "info_nce": model.contrastive_weight
        * (
            _contrast(model, fused, nodes, u)
            + _contrast(model, fused, nodes, i)
        ),
        "l2": model.l2_weight * _l2(model, final, np.concatenate([u, i, j])),
    }
    terms = model.loss_terms(**batch)
    assert list(terms) == list(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, rel=1e-3), name


def test_one_modality_asks_itself():
    model, dataset = _model(1)
    assert model.query_modality == "image"
    nodes = _encode(model, dataset, model.num_layers)
    expected = nodes + _fused(model, dataset, nodes)
    result = np.concatenate(model.embed())
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("fusion", ["mean", "weighted_mean"])
def test_mean_in_place_of_the_fusion(fusion):
    model, _ = _model(3, fusion=fusion)
    modal = model.modal_states()
    logits = np.zeros(3)
    if fusion == "weighted_mean":
        logits = np.array(model.fusion.logits.numpy())
    weights = reference.softmax(logits)
    expected = model.encode() + sum(
        weight * state for weight, state in zip(weights, modal.values())
    )
    result = np.concatenate(model.embed())
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_without_purification_features_are_aligned_only():
    model, dataset = _model(purification="none")
    weights = reference.named_weights(model.purifiers["text"])
    expected = reference.linear(weights, "align", dataset.features["text"])
    np.testing.assert_allclose(
        model.purify()["text"], expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"encoder": "attention"},
        {"encoder": "scaled_attention", "attention": "batch"},
        {"attention": "nodes", "fusion_dropout": 0.2},
        {"attention": "modalities", "semantic_normalization": "symmetric"},
        {"attention": "preference"},
        {"normalize_logits": True, "user_aggregation": "symmetric"},
    ],
)
def test_gradients_reach_every_weight(arguments):
    model, _ = _model(**arguments)
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = sum(model.loss_terms(**tiny_batch()).values())
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients):
        assert gradient is not None, variable.path
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), variable.path
        # A key's bias cancels in a softmax over nodes or modalities.
        if "key/bias" not in variable.path:
            assert np.abs(gradient).max() > 1e-8, variable.path


def test_the_fusion_alone_learns_at_its_own_rate():
    model, _ = _model(fusion_learning_rate_scale=0.5)
    scales = {
        variable.path: model.learning_rate_scale(variable)
        for variable in model.trainable_variables
    }
    fusion = {variable.path for variable in model.fusion.trainable_variables}
    assert fusion and set(fusion) < set(scales)
    for path, scale in scales.items():
        assert scale == (0.5 if path in fusion else 1.0), path


@pytest.mark.parametrize("encoder", ["propagation", "attention"])
def test_edge_dropout_silences_messages_in_training_alone(encoder):
    model, _ = _model(edge_dropout=0.5, encoder=encoder)
    quiet = np.asarray(model.encode())
    np.testing.assert_array_equal(model.encode(), quiet)
    encode = tf.function(lambda: model.encode(training=True))
    drawn = [np.asarray(encode()) for _ in range(100)]
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01
    if encoder == "propagation":
        # Linear and drawn anew in each layer: right in expectation.
        errors = np.mean(drawn, axis=0) - quiet
        assert np.abs(errors).max() < 0.5 * np.std(drawn, axis=0).max()


def test_seed_decides_the_start():
    results = [
        np.concatenate(CAmgr(tiny_dataset(), seed=seed, **SIZES).embed())
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert np.abs(results[0] - results[2]).max() > 0.01


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"encoder": "gat"}, "`encoder` must be one of .*encoder='gat'"),
        ({"purification": "all"}, "`purification` must be one of .*='all'"),
        ({"left_out": "some"}, "`left_out` must be one of .*='some'"),
        ({"contrast_over": "users"}, "`contrast_over` must be one of .*users"),
        ({"l2_on": "batch"}, "`l2_on` must be one of .* l2_on='batch'"),
        ({"fusion": "sum"}, "`fusion` must be one of .* fusion='sum'"),
        ({"query_modality": "sound"}, r"one of \['image', .*='sound'"),
        ({"attention": "rows"}, "`attention` must be one of .*='rows'"),
        ({"num_layers": -1}, "must not be negative. Received: num_layers=-1"),
        ({"num_modal_layers": -2}, "negative. Received: num_modal_layers=-2"),
        ({"edge_dropout": 1.0}, r"must be in \[0, 1\). Received: edge_dro"),
        ({"temperature": 0}, "must be positive. Received: temperature=0"),
        ({"num_neighbors": 10}, "must be in 1..9, .* num_neighbors=10"),
        ({"embedding_dim": 0}, "`embedding_dim` must be positive"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        CAmgr(tiny_dataset(), **(SIZES | arguments))

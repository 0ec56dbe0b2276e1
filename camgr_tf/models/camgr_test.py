import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from camgr_tf.graphs import bipartite_matrix
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.models import CAmgrPaper
from camgr_tf.models.attention_encoder import AttentionEncoder
from camgr_tf.research import readings
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import numpy_reference as reference
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

WIDTHS = (("image", 5), ("text", 4), ("sound", 6))
SIZES = {"embedding_dim": 8, "num_neighbors": 4, "edge_dropout": 0.0}
NUM_USERS = 7
CONFIGURATIONS = [
    (CAmgr, 2, {}),
    (CAmgr, 1, {"num_layers": 2}),
    (
        CAmgr,
        3,
        {
            "num_layers": 3,
            "num_modal_layers": 2,
            "temperature": 0.5,
            "contrastive_weight": 0.3,
            "l2_weight": 0.02,
            "batch_size": 16,
        },
    ),
    (CAmgr, 2, {"num_layers": 0, "num_modal_layers": 0}),
    (CAmgrAttention, 2, {}),
    (CAmgrAttention, 1, {}),
    (CAmgrAttention, 3, {"num_modal_layers": 2, "l2_weight": 0.02}),
    (readings.PairwiseRanking, 2, {}),
    (CAmgrPaper, 2, {}),
    (CAmgrPaper, 1, {}),
    (CAmgrPaper, 3, {"query_modality": "image", "num_layers": 1}),
    (readings.SymmetricUserMean, 2, {}),
    (readings.SelfLoops, 2, {}),
    (readings.ItemPurification, 2, {}),
    (readings.PairsKept, 2, {}),
    (readings.PairsKeptOutsideMean, 2, {}),
    (readings.ContrastOverAll, 2, {}),
    (readings.PlainContrast, 2, {}),
    (readings.OwnPairContrast, 2, {}),
    (readings.L2OnEmbeddings, 2, {}),
    (readings.L2OnWeights, 2, {}),
]
each_configuration = pytest.mark.parametrize(
    "model_class, num_modalities, arguments",
    CONFIGURATIONS,
    ids=lambda value: getattr(value, "__name__", None),
)


def make_model(model_class=CAmgr, num_modalities=2, **arguments):
    """A model with random weights, far from its start."""
    dataset = tiny_dataset(WIDTHS[:num_modalities])
    sizes = dict(SIZES)
    if model_class is CAmgrPaper:
        del sizes["edge_dropout"]
    model = model_class(dataset, **(sizes | arguments))
    rng = np.random.default_rng(7)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(0.1, 0.4, size=weight.shape))
    return model, dataset


def encode(model, dataset, left_out=()):
    """Eq. 7-9; the edges `left_out` carry nothing."""
    states = np.concatenate(
        [np.float64(model.user_table), np.float64(model.item_table)]
    )
    edges = user_item_edges(model, dataset)
    layers = [states]
    for layer in range(model.num_layers):
        if isinstance(model, AttentionEncoder):
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
            states = gather(edges, states, left_out)
        layers.append(states)
    return np.mean(layers, axis=0)


def user_item_edges(model, dataset):
    edges = bipartite_matrix(dataset.interactions).toarray() != 0
    loops = isinstance(model, readings.SelfLoops)
    return edges | np.eye(len(edges), dtype=bool) & loops


def gather(edges, states, left_out):
    """One layer of LightGCN."""
    degrees = edges.sum(axis=1)
    total = np.zeros_like(states)
    for n, i in np.argwhere(edges):
        if (min(n, i), max(n, i) - NUM_USERS) not in left_out:
            total[n] += states[i] / np.sqrt(degrees[n] * degrees[i])
    return total


def fused_states(
    model, dataset, nodes, not_bought=(), not_averaged=(), **dropout
):
    """Eq. 1-6 and 10-26.

    The pairs `not_bought` are not averaged in eq. 2-4 and carry nothing
    behind eq. 14, the pairs `not_averaged` are not averaged in eq. 14.
    """
    edges = user_item_edges(model, dataset)
    users, items = np.float64(model.user_table), np.float64(model.item_table)
    behavior = items
    if not isinstance(model, readings.ItemPurification):
        behavior = reference.behavior(users, items, TINY_TRAIN, not_bought)
    symmetric = isinstance(model, readings.SymmetricUserMean)
    modal = {}
    for modality, features in dataset.features.items():
        weights = reference.named_weights(model.purifiers[modality])
        states = reference.semantic_convolution(
            reference.semantic_graph(features, SIZES["num_neighbors"]),
            reference.purify(weights, features, behavior),
            NUM_USERS,
            TINY_TRAIN,
            not_averaged,
            "symmetric" if symmetric else "row",
        )
        layers = [states]
        for _ in range(model.num_modal_layers):
            layers.append(gather(edges, layers[-1], not_bought))
        modal[modality] = np.mean(layers, axis=0)
    weights = reference.named_weights(model.fusion)
    if isinstance(model, CAmgrPaper):
        name = model.query_modality if len(modal) > 1 else "image"
        query = modal.pop(name)
        keys = list(modal.values()) or [query]
        return sum(reference.fuse(weights, query, keys, nodes, "channel"))
    if not isinstance(model, CAmgrAttention):
        shares = reference.softmax(weights["modality_mean/logits"])
        return sum(w * h for w, h in zip(shares, modal.values()))
    shares = reference.softmax(weights["modality_mean/logits"])
    query = sum(w * h for w, h in zip(shares, modal.values()))
    factor = np.exp(weights["fusion/log_factor"])
    keys = list(modal.values())
    return sum(
        reference.fuse(
            weights,
            query,
            keys,
            nodes,
            "preference",
            shares,
            scale=factor,
            **dropout,
        )
    )


def l2(model, final, rows):
    """`||w||^2` of eq. 31."""
    if isinstance(model, (CAmgrPaper, readings.L2OnWeights)):
        return sum(np.sum(np.square(w)) for w in model.trainable_variables)
    if isinstance(model, readings.L2OnEmbeddings):
        final = np.concatenate([model.user_table, model.item_table])
    return np.sum(final[rows] ** 2) / (2 * model.batch_size)


def contrast(model, fused, nodes, rows):
    """Eq. 30 for users or for items."""
    queries, keys, own = fused[rows], nodes[rows], None
    if isinstance(model, readings.OwnPairContrast):
        cosines = [
            q @ k / np.linalg.norm(q) / np.linalg.norm(k)
            for q, k in zip(queries, keys)
        ]
        weights = reference.softmax(np.array(cosines) / model.temperature)
        return -np.mean(np.log(weights))
    if isinstance(model, (CAmgrPaper, readings.ContrastOverAll)):
        first = 0 if rows.max() < NUM_USERS else NUM_USERS
        keys = nodes[NUM_USERS:] if first else nodes[:NUM_USERS]
        own = rows - first
    plain = isinstance(model, (CAmgrPaper, readings.PlainContrast))
    return reference.info_nce(queries, keys, model.temperature, own, not plain)


def ranking(model, users, items, negatives):
    """Eq. 29, or the softmax in its place: SciPy's, row by row."""
    own = np.sum(users * items, axis=1)
    if isinstance(model, (CAmgrPaper, readings.PairwiseRanking)):
        differences = own - np.sum(users * negatives, axis=1)
        return {"bpr": -np.mean(np.log(reference.sigmoid(differences)))}
    logits = np.column_stack([own, users @ negatives.T])
    return {"softmax": -np.mean(log_softmax(logits, axis=1)[:, 0])}


@each_configuration
def test_embeddings_equal_the_equations(model_class, num_modalities, arguments):
    model, dataset = make_model(model_class, num_modalities, **arguments)
    nodes = encode(model, dataset)
    final = nodes + fused_states(model, dataset, nodes)
    result = np.concatenate(model.embed())
    np.testing.assert_allclose(result, final, rtol=1e-3, atol=1e-4)


@each_configuration
def test_loss_terms_equal_the_equations(model_class, num_modalities, arguments):
    model, dataset = make_model(model_class, num_modalities, **arguments)
    batch = tiny_batch()
    pairs = set(
        zip(batch["user_ids"].tolist(), batch["positive_item_ids"].tolist())
    )
    kept = isinstance(model, (CAmgrPaper, readings.PairsKept))
    mean_alone = isinstance(model, readings.PairsKeptOutsideMean)
    everywhere = () if kept or mean_alone else pairs
    nodes = encode(model, dataset, everywhere)
    fused = fused_states(
        model, dataset, nodes, everywhere, () if kept else pairs
    )
    final = nodes + fused
    u, i, j = (
        batch["user_ids"],
        batch["positive_item_ids"] + NUM_USERS,
        batch["negative_item_ids"] + NUM_USERS,
    )
    expected = {
        **ranking(model, final[u], final[i], final[j]),
        "info_nce": model.contrastive_weight
        * (contrast(model, fused, nodes, u) + contrast(model, fused, nodes, i)),
        "l2": model.l2_weight * l2(model, final, np.concatenate([u, i, j])),
    }
    terms = model.loss_terms(**batch)
    assert list(terms) == list(expected)
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, rel=1e-3), name


@pytest.mark.parametrize("model_class", [CAmgr, CAmgrAttention, CAmgrPaper])
def test_gradients_reach_every_weight(model_class):
    model, _ = make_model(model_class)
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = sum(model.loss_terms(**tiny_batch()).values())
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients):
        assert gradient is not None, variable.path
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 1e-8, variable.path


def test_the_fusion_learns_at_its_own_rate_but_for_the_shares():
    model, _ = make_model(CAmgrAttention, fusion_learning_rate_scale=0.5)
    scales = {
        variable.path: model.learning_rate_scale(variable)
        for variable in model.trainable_variables
    }
    slow = {path for path, scale in scales.items() if scale == 0.5}
    fusion = {variable.path for variable in model.fusion.trainable_variables}
    assert slow == fusion - {"fusion/modality_mean/logits"}
    assert set(scales.values()) == {0.5, 1.0}


@pytest.mark.parametrize("model_class", [CAmgr, readings.GraphAttentionEncoder])
def test_edge_dropout_drops_messages_in_training_alone(model_class):
    model, _ = make_model(model_class, edge_dropout=0.5)
    quiet = np.asarray(model.encode(model.graphs))
    np.testing.assert_array_equal(model.encode(model.graphs), quiet)
    draw = tf.function(lambda: model.encode(model.graphs, training=True))
    drawn = [np.asarray(draw()) for _ in range(100)]
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01
    if model_class is CAmgr:
        # Linear and drawn anew in each layer: right in expectation.
        errors = np.mean(drawn, axis=0) - quiet
        assert np.abs(errors).max() < 0.5 * np.std(drawn, axis=0).max()


def test_dropouts_are_active_in_loss_and_training_embeddings_alone():
    for name in ("edge_dropout", "modal_edge_dropout", "fusion_dropout"):
        model, _ = make_model(CAmgrAttention, **{name: 0.5})
        calm = np.concatenate(model.embed())
        np.testing.assert_array_equal(np.concatenate(model.embed()), calm)
        drawn = np.concatenate(model.embed(training=True))
        assert np.abs(drawn - calm).max() > 0.01, name
        first, second = (
            float(model.loss_terms(**tiny_batch())["softmax"]) for _ in range(2)
        )
        assert abs(first - second) > 1e-6, name


def test_seed_decides_the_start():
    results = [
        np.concatenate(CAmgr(tiny_dataset(), seed=seed, **SIZES).embed())
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert np.abs(results[0] - results[2]).max() > 0.01


def test_the_paper_trains_as_printed():
    assert CAmgrPaper.training_defaults == {"learning_rate": 0.001}
    model, _ = make_model(CAmgrPaper)
    assert model.num_modal_layers == 0 and model.edge_dropout == 0
    scales = {model.learning_rate_scale(v) for v in model.trainable_variables}
    assert scales == {1.0}


@pytest.mark.parametrize(
    "model_class, arguments, message",
    [
        (CAmgr, {"num_layers": -1}, "`num_layers` must be .* 0 or more"),
        (CAmgr, {"num_modal_layers": -2}, "`num_modal_layers` must be"),
        (CAmgr, {"edge_dropout": 1.0}, r"`edge_dropout` must be .*\[0, 1\)"),
        (CAmgr, {"modal_edge_dropout": -0.1}, "`modal_edge_dropout` must be"),
        (CAmgr, {"temperature": 0}, "`temperature` must be .*above 0"),
        (CAmgr, {"num_neighbors": 10}, "must be in 1..9, .*num_neighbors=10"),
        (CAmgr, {"embedding_dim": 0}, "`embedding_dim` must be"),
        (CAmgrPaper, {"query_modality": "x"}, "one of .*query_modality='x'"),
        (readings.TextQuery, {"num_layers": 1.5}, "`num_layers` must be"),
        (readings.HeadAttention, {"embedding_dim": 7}, "multiple of 8.*=7"),
    ],
)
def test_refuses_bad_arguments(model_class, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_model(model_class, **arguments)


def test_any_width_will_do_where_there_are_no_heads():
    model, _ = make_model(embedding_dim=7)
    assert model.embed()[0].shape == (NUM_USERS, 7)

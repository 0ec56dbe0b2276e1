"""The vector of a new user, from a list of items and without training.

For every model whose users are computed from their items it is the vector
that the model itself computes for a user with these training items whose own
ID embedding is zero. Items keep the states that they have: a new user changes
nobody else, and two new users do not see each other.
"""

import functools

import numpy as np
from keras import ops

from camgr_tf.baselines.bm3 import BM3
from camgr_tf.baselines.grcn import GRCN
from camgr_tf.baselines.itemknn import ItemKNN
from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.baselines.mgcn import MGCN
from camgr_tf.baselines.micro import MICRO
from camgr_tf.baselines.mmgcn import MMGCN
from camgr_tf.baselines.slmrec import SLMRec
from camgr_tf.layers import split_modalities
from camgr_tf.models import CAmgr
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import segment_softmax
from camgr_tf.ops import sparse_matmul
from camgr_tf.ops import weighted_matmul
from camgr_tf.serving.model_states import camgr_fused_parts
from camgr_tf.serving.model_states import grcn_contents
from camgr_tf.serving.model_states import id_states
from camgr_tf.serving.model_states import mmgcn_layer
from camgr_tf.serving.model_states import mmgcn_start
from camgr_tf.serving.model_states import slmrec_states


@functools.singledispatch
def user_rule(model):
    """The rule by which new users of a model get their vectors.

    A model without a rule of its own (MF, VBPR) knows a user by a trained
    embedding alone. Its new users get the mean of their items' final vectors,
    which is no part of the model.

    Args:
        model: `Recommender`, trained.

    Returns:
        Function from `Baskets` to a float array of shape `(num_baskets,
        dim)`. What does not depend on the baskets is computed once, here.
    """
    items = np.asarray(model.embed()[1])
    return lambda baskets: baskets.mean @ items


@user_rule.register
def _(model: ItemKNN):
    return lambda baskets: baskets.matrix(np.ones(len(baskets.items)))


@user_rule.register
def _(model: LightGCN):
    items = _id_sources(model, model.adjacency)
    return lambda baskets: baskets.symmetric @ items


@user_rule.register
def _(model: BM3):
    items = _id_sources(model, model.adjacency)
    return lambda baskets: model.predictor(baskets.symmetric @ items)


@user_rule.register
def _(model: SLMRec):
    items = _sources(
        model, model.adjacency, slmrec_states(model), model.num_layers
    )
    return lambda baskets: model.user_fusion(baskets.symmetric @ items)


@user_rule.register
def _(model: MGCN):
    items = _id_sources(model, model.adjacency)
    contents = _item_rows(model, model.modal_states())

    def vectors(baskets):
        nodes = ops.convert_to_tensor(baskets.symmetric @ items)
        modal = {
            m: ops.convert_to_tensor(baskets.symmetric @ states)
            for m, states in contents.items()
        }
        return nodes + model.side(nodes, modal)

    return vectors


@user_rule.register
def _(model: MICRO):
    layers = _layers(model, model.adjacency, id_states(model), model.num_layers)

    def vectors(baskets):
        # Each layer is the mean over the node itself and its neighbors.
        sizes = baskets.counts[:, None]
        own = np.zeros((len(sizes), model.embedding_dim), "float32")
        total = own
        for items in layers[:-1]:
            own = (own + sizes * (baskets.mean @ items)) / (sizes + 1.0)
            total = total + own
        return total / (model.num_layers + 1)

    return vectors


@user_rule.register
def _(model: MMGCN):
    branches = [_mmgcn_branch(model, m) for m in model.modalities]
    return lambda baskets: (
        sum(branch(baskets) for branch in branches) / len(branches)
    )


def _mmgcn_branch(model, modality):
    states = mmgcn_start(model, modality)
    width = states.shape[1]
    num_users = model.num_users
    sent = []
    for k in range(model.num_layers):
        messages = states @ model.convolutions[f"{modality}_{k}"]
        sent.append(np.asarray(messages)[num_users:])
        states = mmgcn_layer(
            model,
            f"{modality}_{k}",
            states,
            ops.concatenate(
                [
                    sparse_matmul(model.user_items, messages[num_users:]),
                    sparse_matmul(model.item_users, messages[:num_users]),
                ]
            ),
            model.id_table,
        )

    def branch(baskets):
        own = ops.zeros((len(baskets.counts), width))
        for k, items in enumerate(sent):
            gathered = ops.convert_to_tensor(baskets.mean @ items)
            own = mmgcn_layer(model, f"{modality}_{k}", own, gathered, 0.0)
        return own

    return branch


@user_rule.register
def _(model: GRCN):
    _, attentions = zip(*(model.content(m) for m in model.modalities))
    states = l2_normalize(ops.convert_to_tensor(model.id_table))
    spread = weighted_matmul(
        model.adjacency, model.edge_weights(attentions), states
    )
    # A user whose own state is zero receives twice: the items' states before
    # and after the first product.
    sources = np.asarray(states + spread)[model.num_users :]
    confidences = np.asarray(model.confidences)[model.num_users :]
    contents = grcn_contents(model, model.features)

    def vectors(baskets):
        parts, attention = [], []
        for items in contents.values():
            own, weights = _grcn_content(model, baskets, items)
            parts.append(own)
            attention.append(weights)
        trusted = np.stack(attention, axis=1) * confidences[baskets.items]
        edges = baskets.matrix(np.maximum(trusted.max(axis=1), 0.0))
        return np.concatenate([edges @ sources, *parts], axis=1)

    return vectors


def _grcn_content(model, baskets, items):
    """States in one modality and the attention over the baskets' edges."""
    num_baskets = len(baskets.counts)

    def attend(own):
        products = np.sum(own[baskets.rows] * items[baskets.items], axis=1)
        weights = segment_softmax(products, baskets.rows, num_baskets)
        return np.asarray(weights)

    own = np.zeros((num_baskets, items.shape[1]), "float32")
    if model.route_prototypes:
        for _ in range(model.num_routings):
            routed = own + baskets.matrix(attend(own)) @ items
            own = np.asarray(l2_normalize(routed))
    weights = attend(own)
    return own + baskets.matrix(weights) @ items, weights


@user_rule.register
def _(model: CAmgr):
    encode = _camgr_encoder(model)
    nodes, modal = model.encode(), model.modal_states()
    convolved = split_modalities(model.convolved_states(), model.modalities)
    contents = _item_rows(model, convolved)
    num_layers = model.num_modal_layers
    sources = {
        m: _sources(model, model.graphs.nodes, states, num_layers)
        for m, states in convolved.items()
    }

    def vectors(baskets):
        own = encode(baskets)
        weights = (
            baskets.mean
            if model.user_aggregation == "row"
            else baskets.symmetric
        )
        own_modal = {
            m: weights @ items / (num_layers + 1)
            + baskets.symmetric @ sources[m]
            for m, items in contents.items()
        }
        parts = camgr_fused_parts(model, nodes, modal, own, own_modal)
        return own + sum(parts.values())

    return vectors


def _camgr_encoder(model):
    """`H_n` of new users (eq. 7-9)."""
    if model.encoder == "propagation":
        items = _id_sources(model, model.graphs.nodes)
        return lambda baskets: baskets.symmetric @ items
    states = id_states(model)
    layers = []
    for layer in model.attention_layers:
        layers.append(states[model.num_users :])
        states = layer(states, adjacency=model.graphs.nodes)

    def encode(baskets):
        adjacency = baskets.adjacency()
        own = ops.zeros((len(baskets.counts), model.embedding_dim))
        total = own
        for layer, items in zip(model.attention_layers, layers):
            joined = ops.concatenate([items, own], axis=0)
            own = layer(joined, adjacency=adjacency)[model.num_items :]
            total = total + own
        return total / (model.num_layers + 1)

    return encode


def _layers(model, adjacency, states, num_layers):
    """The items' states in every layer of the user-item graph."""
    layers = [states]
    for _ in range(num_layers):
        layers.append(sparse_matmul(adjacency, layers[-1]))
    return [np.asarray(layer)[model.num_users :] for layer in layers]


def _sources(model, adjacency, states, num_layers):
    """What a user gathers of its items in all layers but its own first."""
    layers = _layers(model, adjacency, states, num_layers)
    empty = np.zeros_like(layers[0])
    return sum(layers[:-1], empty) / (num_layers + 1)


def _id_sources(model, adjacency):
    return _sources(model, adjacency, id_states(model), model.num_layers)


def _item_rows(model, states):
    return {m: np.asarray(s)[model.num_users :] for m, s in states.items()}

"""The summands of a model's final vectors, and the vectors without a modality.

A score is a product of sums, so that it splits exactly along the summands.
"""

import functools

import numpy as np
from keras import ops

from camgr_tf.baselines.grcn import GRCN
from camgr_tf.baselines.mgcn import MGCN
from camgr_tf.baselines.micro import MICRO
from camgr_tf.baselines.mmgcn import MMGCN
from camgr_tf.baselines.slmrec import SLMRec
from camgr_tf.baselines.vbpr import VBPR
from camgr_tf.models import CAmgr
from camgr_tf.ops import propagate
from camgr_tf.serving.model_states import camgr_fused_parts
from camgr_tf.serving.model_states import id_states


@functools.singledispatch
def vector_parts(model, dataset):
    """Named summands of the users' and of the items' final vectors.

    Names are `"id"`, `"common"`, `"distinct"`, `"content"`, `"bias"` and the
    modalities, as far as the model's sums have such a part. Models that rank
    by ID embeddings alone (MF, LightGCN, BM3) have `"id"` only.

    Args:
        model: `Recommender`, trained.
        dataset: `camgr_tf.data.Dataset` that it was built from.

    Returns:
        Tuple of two dictionaries from a name to a float array, the users'
        `(num_users, dim)` and the items' `(num_items, dim)`. They add up to
        the results of `embed`.
    """
    users, items = model.embed()
    return {"id": np.asarray(users)}, {"id": np.asarray(items)}


@vector_parts.register
def _(model: VBPR, dataset):
    users, items = (np.asarray(v) for v in model.embed())
    dim = model.embedding_dim
    item_parts = {"id": _only(items, slice(0, dim))}
    kernel = np.asarray(model.projection.kernel)
    start = 0
    for m in model.modalities:
        stop = start + dataset.features[m].shape[1]
        content = np.asarray(model.features)[:, start:stop] @ kernel[start:stop]
        item_parts[m] = np.pad(content, ((0, 0), (dim, 0)))
        start = stop
    bias = np.pad(np.asarray(model.projection.bias), (dim, 0))
    item_parts["bias"] = np.tile(bias, (len(items), 1))
    user_parts = {
        "id": _only(users, slice(0, dim)),
        "content": _only(users, slice(dim, None)),
    }
    return user_parts, item_parts


@vector_parts.register
def _(model: GRCN, dataset):
    columns = {
        name: slice(n * model.embedding_dim, (n + 1) * model.embedding_dim)
        for n, name in enumerate(("id", *model.modalities))
    }
    users, items = (np.asarray(v) for v in model.embed())
    return (
        {name: _only(users, part) for name, part in columns.items()},
        {name: _only(items, part) for name, part in columns.items()},
    )


@vector_parts.register
def _(model: MMGCN, dataset):
    scale = 1.0 / len(model.modalities)
    return _split(
        model,
        {
            m: scale * ops.concatenate(model.branch(m), axis=0)
            for m in model.modalities
        },
    )


@vector_parts.register
def _(model: SLMRec, dataset):
    names = ("id", *model.modalities)

    def parts(states, layer):
        blocks = np.split(np.asarray(states), len(names), axis=1)
        kernels = np.split(np.asarray(layer.kernel), len(names), axis=0)
        bias = np.tile(np.asarray(layer.bias), (len(blocks[0]), 1))
        products = (block @ kernel for block, kernel in zip(blocks, kernels))
        return {**dict(zip(names, products)), "bias": bias}

    users, items = model.propagated_states()
    return parts(users, model.user_fusion), parts(items, model.item_fusion)


@vector_parts.register
def _(model: MICRO, dataset):
    nodes = propagate(model.adjacency, id_states(model), model.num_layers)
    user_parts, item_parts = _split(model, {"id": nodes})
    views, fused = model.modal_states(model.learned_graphs())
    stacked = ops.stack(views, axis=1)
    logits = model.query_logit(model.query_hidden(stacked))
    weights = np.asarray(ops.softmax(logits, axis=1))  # (items, modalities, 1)
    # All modalities are divided by the length of their sum, item by item.
    lengths = np.linalg.norm(np.asarray(fused), axis=1, keepdims=True)
    lengths = np.maximum(lengths, 1e-12)
    for n, m in enumerate(model.modalities):
        item_parts[m] = weights[:, n] * np.asarray(views[n]) / lengths
    return user_parts, item_parts


@vector_parts.register
def _(model: MGCN, dataset):
    nodes, modal = model.encode(), model.modal_states()
    logits = ops.concatenate(
        [model.query_logit(model.query_hidden(c)) for c in modal.values()],
        axis=1,
    )
    weights = ops.softmax(logits, axis=1)
    common = sum(
        weights[:, n : n + 1] * states
        for n, states in enumerate(modal.values())
    ) / (len(modal) + 1)
    distinct = model.side(nodes, modal) - common
    return _split(model, {"id": nodes, "common": common, "distinct": distinct})


@vector_parts.register
def _(model: CAmgr, dataset):
    nodes, modal = model.encode(), model.modal_states()
    fused = camgr_fused_parts(model, nodes, modal)
    return _split(model, {"id": nodes, **fused})


@functools.singledispatch
def vectors_without(model, dataset, modality):
    """Final vectors with the states of one modality set to zero.

    Where the modality is a summand (see `vector_parts`) it is left out; the
    vectors of a model that does not rank by it stay as they are. CAmgr and
    MGCN are computed again, with zeros for the modality's states behind its
    item graph (`H_m` of eq. 13 and 14).

    Args:
        model: `Recommender`, trained.
        dataset: `camgr_tf.data.Dataset` that it was built from.
        modality: String.

    Returns:
        Tuple of float arrays `(num_users, dim)` and `(num_items, dim)`.
    """
    users, items = (np.asarray(v) for v in model.embed())
    user_parts, item_parts = vector_parts(model, dataset)
    return (
        users - user_parts.get(modality, 0.0),
        items - item_parts.get(modality, 0.0),
    )


@vectors_without.register
def _(model: MGCN, dataset, modality):
    nodes = model.encode()
    modal = _silenced(model.modal_states(), modality)
    return _rows(model, nodes + model.side(nodes, modal))


@vectors_without.register
def _(model: CAmgr, dataset, modality):
    nodes = model.encode()
    modal = _silenced(model.modal_states(), modality)
    return _rows(model, nodes + model.fuse(nodes, modal, rows=None))


def _silenced(modal, modality):
    return {
        m: ops.zeros_like(states) if m == modality else states
        for m, states in modal.items()
    }


def _split(model, parts):
    """Parts of all nodes as those of the users and those of the items."""
    rows = {name: _rows(model, states) for name, states in parts.items()}
    return (
        {name: users for name, (users, _) in rows.items()},
        {name: items for name, (_, items) in rows.items()},
    )


def _rows(model, states):
    states = np.asarray(states)
    return states[: model.num_users], states[model.num_users :]


def _only(vectors, columns):
    """The vectors with zeros outside some columns."""
    part = np.zeros_like(vectors)
    part[:, columns] = vectors[:, columns]
    return part

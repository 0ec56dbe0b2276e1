"""The vector of an item that nobody has, from its features alone.

Nothing was learned about such an item by itself: its ID embedding counts as
zero, it has no users, and of the item graphs it sees its most similar items
among those with users (eq. 10-13). Items with users keep their vectors.
"""

import functools

import numpy as np
from keras import ops

from camgr_tf.baselines.bm3 import BM3
from camgr_tf.baselines.grcn import GRCN
from camgr_tf.baselines.mgcn import MGCN
from camgr_tf.baselines.micro import MICRO
from camgr_tf.baselines.mmgcn import MMGCN
from camgr_tf.baselines.slmrec import SLMRec
from camgr_tf.baselines.vbpr import VBPR
from camgr_tf.models import CAmgr
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import sparse_matmul
from camgr_tf.serving.model_states import camgr_fused_parts
from camgr_tf.serving.model_states import grcn_contents
from camgr_tf.serving.model_states import mmgcn_items
from camgr_tf.serving.model_states import mmgcn_layer
from camgr_tf.serving.semantic_neighbors import graph_totals
from camgr_tf.serving.semantic_neighbors import semantic_rows


@functools.singledispatch
def item_vectors(model, dataset, features, warm):
    """Final vectors of items without interactions.

    A model that reads no content (MF, LightGCN) cannot tell such items apart:
    they get zeros. So does BM3, whose scores leave the features out, up to
    its predictor's bias.

    Args:
        model: `Recommender`, trained.
        dataset: `camgr_tf.data.Dataset` that it was built from.
        features: Dictionary from each modality of the model to a float32
            array of shape `(num_new, width)`.
        warm: bool array of shape `(num_items,)`, the items with users.

    Returns:
        Float array of shape `(num_new, dim)`.
    """
    num_new = len(next(iter(features.values())))
    dim = np.shape(model.embed()[1])[1]
    return np.zeros((num_new, dim), "float32")


@item_vectors.register
def _(model: BM3, dataset, features, warm):
    num_new = len(next(iter(features.values())))
    return model.predictor(ops.zeros((num_new, model.embedding_dim)))


@item_vectors.register
def _(model: VBPR, dataset, features, warm):
    joined = ops.concatenate([features[m] for m in model.modalities], axis=1)
    content = model.projection(joined)
    return ops.concatenate([ops.zeros_like(content), content], axis=1)


@item_vectors.register
def _(model: SLMRec, dataset, features, warm):
    contents = [
        model.projections[m](l2_normalize(ops.convert_to_tensor(features[m])))
        for m in model.modalities
    ]
    # No neighbors: of the mean over layers the first alone is not zero.
    states = ops.concatenate([ops.zeros_like(contents[0]), *contents], axis=1)
    return model.item_fusion(states / (model.num_layers + 1))


@item_vectors.register
def _(model: MMGCN, dataset, features, warm):
    total = 0.0
    for m in model.modalities:
        states = mmgcn_items(model, m, features[m])
        for k in range(model.num_layers):
            width = model.convolutions[f"{m}_{k}"].shape[1]
            gathered = ops.zeros((len(states), width))
            states = mmgcn_layer(model, f"{m}_{k}", states, gathered, 0.0)
        total = total + states
    return total / len(model.modalities)


@item_vectors.register
def _(model: GRCN, dataset, features, warm):
    contents = list(grcn_contents(model, features).values())
    return np.concatenate([np.zeros_like(contents[0]), *contents], axis=1)


@item_vectors.register
def _(model: MGCN, dataset, features, warm):
    modal = {}
    for m in model.modalities:
        aligned = model.aligners[m](
            ops.convert_to_tensor(model.feature_tables[m])
        )
        purified = model.item_table * model.gates[m](aligned)
        rows = semantic_rows(
            dataset.features[m],
            features[m],
            warm,
            model.num_neighbors,
            graph_totals(model.item_graphs[m]),
        )
        modal[m] = ops.convert_to_tensor(rows @ np.asarray(purified))
    nodes = ops.zeros_like(next(iter(modal.values())))
    return model.side(nodes, modal)


@item_vectors.register
def _(model: MICRO, dataset, features, warm):
    share = model.initial_graph_weight
    views = []
    for m in model.modalities:
        initial = semantic_rows(
            dataset.features[m],
            features[m],
            warm,
            model.num_neighbors,
            graph_totals(model.initial_graphs[m]),
        )
        neighbors, weights = (np.asarray(a) for a in model.learned_graph(m))
        project = model.projections[m]
        learned = semantic_rows(
            np.asarray(project(model.feature_tables[m])),
            np.asarray(project(features[m])),
            warm,
            model.num_neighbors,
            _learned_totals(neighbors, weights),
        )
        states = model.item_table
        for _ in range(model.num_item_layers - 1):
            gathered = ops.take(states, neighbors, axis=0)
            states = (1.0 - share) * ops.sum(
                weights[:, :, None] * gathered, axis=1
            ) + share * sparse_matmul(model.initial_graphs[m], states)
        rows = (1.0 - share) * learned + share * initial
        views.append(rows @ np.asarray(states))
    stacked = ops.stack(views, axis=1)  # (num_new, modalities, dim)
    logits = model.query_logit(model.query_hidden(stacked))
    fused = ops.sum(ops.softmax(logits, axis=1) * stacked, axis=1)
    return l2_normalize(fused)


def _learned_totals(neighbors, weights):
    """Row sums of similarities, from the place of each item itself."""
    own = neighbors == np.arange(len(neighbors))[:, None]
    diagonal = np.sum(weights * own, axis=1)
    return np.divide(
        1.0, diagonal, where=diagonal > 0, out=np.ones_like(diagonal)
    )


@item_vectors.register
def _(model: CAmgr, dataset, features, warm):
    purified = model.purify()
    own_modal = {}
    for m in model.modalities:
        totals = None
        if model.semantic_normalization == "symmetric":
            totals = graph_totals(
                model.item_graphs[m],
                dataset.features[m],
                model.num_neighbors,
                model.include_self,
            )
        rows = semantic_rows(
            dataset.features[m], features[m], warm, model.num_neighbors, totals
        )
        # Nobody has bought them, so later layers (`num_modal_layers`) are zero.
        own_modal[m] = ops.convert_to_tensor(
            rows @ np.asarray(purified[m]) / (model.num_modal_layers + 1)
        )
    own = ops.zeros_like(next(iter(own_modal.values())))
    parts = camgr_fused_parts(
        model, model.encode(), model.modal_states(), own, own_modal
    )
    return own + sum(parts.values())

"""Inner states of the models that new users, new items and parts need."""

import numpy as np
from keras import ops

from camgr_tf.baselines.grcn import LEAKY_SLOPE as GRCN_SLOPE
from camgr_tf.baselines.mmgcn import LEAKY_SLOPE as MMGCN_SLOPE
from camgr_tf.ops import l2_normalize


def id_states(model):
    """ID embeddings of all nodes, users first, `(num_nodes, dim)`."""
    return ops.concatenate([model.user_table, model.item_table], axis=0)


def slmrec_states(model):
    """What SLMRec propagates, `(num_nodes, (1 + modalities) * dim)`."""
    contents = [model.projections[m](model.features[m]) for m in model.features]
    items = ops.concatenate([model.item_table, *contents], axis=1)
    users = ops.tile(model.user_table, (1, 1 + len(contents)))
    return ops.concatenate([users, items], axis=0)


def grcn_contents(model, features):
    """GRCN's `Y` of each modality.

    Args:
        model: `GRCN`.
        features: Dictionary from a modality to `(num_rows, width)`.

    Returns:
        Dictionary from a modality to an array `(num_rows, dim)`.
    """
    return {
        m: np.asarray(
            l2_normalize(
                ops.leaky_relu(
                    model.projections[m](ops.convert_to_tensor(features[m])),
                    negative_slope=GRCN_SLOPE,
                )
            )
        )
        for m in model.modalities
    }


def mmgcn_items(model, modality, features):
    """What items enter one branch of MMGCN with, `(num_rows, width)`."""
    features = ops.convert_to_tensor(features)
    if modality in model.projections:
        features = model.projections[modality](features)
    return l2_normalize(features)


def mmgcn_start(model, modality):
    """`X_0` of one branch of MMGCN, `(num_nodes, width)`."""
    users = l2_normalize(ops.convert_to_tensor(model.user_tables[modality]))
    items = mmgcn_items(model, modality, model.features[modality])
    return ops.concatenate([users, items], axis=0)


def mmgcn_layer(model, name, states, gathered, ids):
    """One layer of a branch of MMGCN, for any nodes.

    Args:
        model: `MMGCN`.
        name: String, such as `"image_0"`.
        states: Float tensor `(num_rows, width)`, the nodes' own states.
        gathered: Float tensor of that shape, the mean of the messages.
        ids: Float tensor `(num_rows, dim)`, or `0.0`.

    Returns:
        Tensor of shape `(num_rows, dim)`.
    """
    neighbors = _mmgcn_relu(gathered)
    own = _mmgcn_relu(model.id_layers[name](states)) + ids
    joined = ops.concatenate([neighbors, own], axis=1)
    return _mmgcn_relu(model.output_layers[name](joined))


def _mmgcn_relu(x):
    return ops.leaky_relu(x, negative_slope=MMGCN_SLOPE)


def camgr_fused_parts(model, nodes, modal, new_nodes=None, new_modal=None):
    """The summands of CAmgr's `H_f` (eq. 15-26), of all or of new nodes.

    Attention over nodes or channels is over the nodes of training; what a
    new node gets does not depend on other new nodes.

    Args:
        model: `CAmgr`.
        nodes: Float tensor `(num_nodes, dim)`, `H_n`.
        modal: Dictionary from a modality to a tensor of that shape.
        new_nodes: Float tensor `(num_new, dim)`. Defaults to `None`: the
            parts of `nodes` themselves.
        new_modal: Dictionary as `modal`, of new nodes. Defaults to `None`.

    Returns:
        Dictionary of tensors `(num_rows, dim)`: `"common"` and `"distinct"`,
        or the modalities where the fusion is a mean of them.
    """
    if model.fusion_name != "cross_attention":
        states = new_modal if new_nodes is not None else modal
        return _mean_parts(model, states)
    if new_nodes is None:
        rows, num_context = None, None
    else:
        num_context = len(nodes)
        rows = np.arange(len(new_nodes), dtype="int32") + num_context
        nodes = ops.concatenate([nodes, new_nodes], axis=0)
        modal = {
            m: ops.concatenate([states, new_modal[m]], axis=0)
            for m, states in modal.items()
        }
    common, distinct = model.fusion.parts(
        **model.fusion_inputs(modal),
        node_states=nodes,
        rows=rows,
        num_context=num_context,
    )
    return {"common": common, "distinct": distinct}


def _mean_parts(model, states):
    """Each modality's weighted share; the fusion is linear in each."""
    parts = {}
    for m in model.modalities:
        alone = [
            ops.convert_to_tensor(states[n]) * float(n == m)
            for n in model.modalities
        ]
        parts[m] = model.fusion(alone)
    return parts

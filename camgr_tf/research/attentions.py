"""Other readings of eq. 15-23, as fusion layers.

Each is `PreferenceFusion` but for what it overrides. Those that attend over
nodes or channels take `context`, the modal states of the nodes over which
they sum; it defaults to the given ones.
"""

import keras
from keras import ops

from camgr_tf.layers import PreferenceFusion
from camgr_tf.layers import ResidualMLP
from camgr_tf.layers.preference_fusion import BRANCHES
from camgr_tf.ops.attention import channel_attention
from camgr_tf.ops.attention import head_attention
from camgr_tf.ops.attention import modality_attention
from camgr_tf.ops.attention import node_attention
from camgr_tf.ops.attention import paper_logit_scale


class EvenGates(PreferenceFusion):
    """Both gates start open by half, so that `CA` cancels in eq. 26."""

    def __init__(self, units, **kwargs):
        super().__init__(units, **{**kwargs, "gate_start": 0.0})


class WithoutMLP(PreferenceFusion):
    """`H_com = CR` and `H_dif = DR`: eq. 20 and 23 are left out."""

    def make_mlp(self, name, seed):
        return keras.layers.Identity(name=name)


class DrawnStart(PreferenceFusion):
    """Gates' matrices and the MLPs' last layers start Xavier-uniform."""

    def build(self, node_states_shape, modal_states_shape, **_):
        super().build(node_states_shape, modal_states_shape)
        for number, name in enumerate(BRANCHES, start=1):
            xavier = keras.initializers.GlorotUniform(self.seed + number)
            kernel = self.gates[name].kernel
            kernel.assign(xavier(kernel.shape))

    def make_mlp(self, name, seed):
        return ResidualMLP(self.units, zero_start=False, seed=seed, name=name)


class MeanQuery(PreferenceFusion):
    """The modalities' mean is the query, with logits by `1 / sqrt(d_k)`."""

    factor_start = None

    def attend(self, node_states, query, modal_states):
        states = ops.stack(modal_states, axis=1)
        scale, shares = paper_logit_scale(self.units), self.mean.shares()
        return modality_attention(query, states, states, scale, shares=shares)


class CosineMeanQuery(PreferenceFusion):
    """The modalities' mean is the query, with cosine logits from factor 4."""

    factor_start = 4.0

    def attend(self, node_states, query, modal_states):
        return super().attend(query, query, modal_states)


class ModalityQuery(PreferenceFusion):
    """One modality stands in eq. 15 and is left out of eq. 17.

    Args:
        units: Integer. Width of all states.
        query_index: Integer. Its place in `modal_states`.
    """

    learned_shares = False

    def __init__(self, units, query_index, **kwargs):
        super().__init__(units, **kwargs)
        self.query_index = query_index

    def parts(self, node_states, modal_states, training=False):
        query = modal_states[self.query_index]
        others = [
            s for m, s in enumerate(modal_states) if m != self.query_index
        ] or [query]
        value = sum(others) / len(others)
        attended = self.attend(node_states, query, [query, *others])
        common = self.branch("common", attended, query, training)
        distinct = self.branch("distinct", value - attended, query, training)
        return self.gated(node_states, common, distinct)

    def attend(self, node_states, query, modal_states):
        states, scale = (
            ops.stack(modal_states, axis=1),
            ops.exp(self.log_factor),
        )
        return modality_attention(node_states, states, states, scale, True)

    def get_config(self):
        return {**super().get_config(), "query_index": self.query_index}


class MatrixFusion(PreferenceFusion):
    """`Linear` of eq. 15-17, 19 and 22 as matrices that start as identities.

    One set of query, key and value for both branches.
    """

    projections = ("query", "key", "value")

    def build(self, node_states_shape, modal_states_shape, **_):
        super().build(node_states_shape, modal_states_shape)
        names = (*self.projections, *(f"{b}_output" for b in BRANCHES))
        self.linears = {name: self._linear(name) for name in names}

    def parts(self, node_states, modal_states, training=False):
        mean = self.mean(modal_states)
        results = []
        for branch in BRANCHES:
            query = self.project(branch, "query", mean)
            keys = [self.project(branch, "key", s) for s in modal_states]
            values = [self.project(branch, "value", s) for s in modal_states]
            attended = modality_attention(
                self.project(branch, "query", node_states),
                ops.stack(keys, axis=1),
                ops.stack(values, axis=1),
                ops.exp(self.log_factor),
                True,
                self.mean.shares(),
            )
            if branch == "distinct":
                attended = self.mean(values) - attended
            dropped = self.drop(attended, training=training)
            output = self.linears[f"{branch}_output"](dropped)
            results.append(self.mlps[branch](output + query))
        return self.gated(node_states, *results)

    def project(self, branch, name, states):
        return self.linears[name](states)

    def _linear(self, name):
        layer = keras.layers.Dense(
            self.units,
            kernel_initializer=keras.initializers.Identity(),
            name=name,
        )
        layer.build((None, self.units))
        return layer


class TwoSets(MatrixFusion):
    """`MatrixFusion` with a set of matrices for each branch."""

    projections = tuple(
        f"{branch}_{name}"
        for branch in BRANCHES
        for name in ("query", "key", "value")
    )

    def project(self, branch, name, states):
        return self.linears[f"{branch}_{name}"](states)


class MatrixModalityQuery(MatrixFusion):
    """`ModalityQuery` with the matrices of `MatrixFusion`."""

    learned_shares = False

    def __init__(self, units, query_index, **kwargs):
        super().__init__(units, **kwargs)
        self.query_index = query_index

    def parts(self, node_states, modal_states, training=False):
        linears = self.linears
        first = modal_states[self.query_index]
        others = [
            s for m, s in enumerate(modal_states) if m != self.query_index
        ] or [first]
        values = [linears["value"](s) for s in (first, *others)]
        attended = modality_attention(
            linears["query"](node_states),
            ops.stack([linears["key"](s) for s in (first, *others)], axis=1),
            ops.stack(values, axis=1),
            ops.exp(self.log_factor),
            True,
        )
        value = sum(values[1:]) / len(others)
        results = []
        for branch, states in zip(BRANCHES, (attended, value - attended)):
            dropped = self.drop(states, training=training)
            output = linears[f"{branch}_output"](dropped)
            results.append(self.mlps[branch](output + linears["query"](first)))
        return self.gated(node_states, *results)

    def get_config(self):
        return {**super().get_config(), "query_index": self.query_index}


class ByModality(PreferenceFusion):
    """Attention to one modality at a time, then the mean by shares.

    A subclass says what a modality's states are attended with, `attend_one`.
    """

    factor_start = None

    def call(self, node_states, modal_states, context=None, training=False):
        parts = self.parts(node_states, modal_states, context, training)
        return sum(parts.values())

    def parts(self, node_states, modal_states, context=None, training=False):
        query, shares = self.mean(modal_states), self.mean.shares()
        context = context or modal_states
        asked = self.mean(context)
        attended = [
            self.attend_one(query, value, asked, key)
            for value, key in zip(modal_states, context)
        ]
        common = sum(
            shares[m] * self.branch("common", states, query, training)
            for m, states in enumerate(attended)
        )
        distinct = sum(
            shares[m]
            * self.branch("distinct", modal_states[m] - states, query, training)
            for m, states in enumerate(attended)
        )
        return self.gated(node_states, common, distinct)

    def attend_one(self, query, value, context_query, key):
        """`CA` of one modality, `(num_rows, units)`.

        Args:
            query: Float tensor `(num_rows, units)`, `Q`.
            value: Float tensor `(num_rows, units)`, the modality.
            context_query: Float tensor `(num_nodes, units)`, `Q` of all.
            key: Float tensor `(num_nodes, units)`, the modality of all.
        """
        raise NotImplementedError


class ZeroAttention(ByModality):
    """The attention is left out: `CA = 0`."""

    def attend_one(self, query, value, context_query, key):
        return ops.zeros_like(value)


class ChannelAttention(ByModality):
    """Attention over channels, the paper's layout, without its matrices."""

    def attend_one(self, query, value, context_query, key):
        scale = paper_logit_scale(self.units)
        return channel_attention(context_query, key, value, scale)


class CosineChannelAttention(ByModality):
    """Attention over channels with cosine logits from factor 8."""

    factor_start = 8.0

    def attend_one(self, query, value, context_query, key):
        scale = ops.exp(self.log_factor)
        return channel_attention(context_query, key, value, scale, True)


class NodeAttention(ByModality):
    """Attention of nodes over the nodes of `context`, in blocks."""

    def attend_one(self, query, value, context_query, key):
        return node_attention(query, key, key, paper_logit_scale(self.units))


class HeadAttention(ByModality):
    """Attention within a node, over eight groups of its channels."""

    num_heads = 8

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        if units % self.num_heads:
            raise ValueError(
                f"`units` must be a multiple of {self.num_heads}, the number "
                f"of heads. Received: units={units}"
            )

    def attend_one(self, query, value, context_query, key):
        scale = paper_logit_scale(self.units // self.num_heads)
        return head_attention(query, value, value, scale, self.num_heads)


class ZeroAttentionEvenGates(EvenGates, ZeroAttention):
    """`ZeroAttention` with gates that start open by half."""


class ChannelAttentionEvenGates(EvenGates, ChannelAttention):
    """`ChannelAttention` with gates that start open by half."""

import math

import keras
from keras import ops

from camgr_tf.layers.cross_attention import ATTENTIONS
from camgr_tf.layers.cross_attention import channel_attention
from camgr_tf.layers.cross_attention import head_attention
from camgr_tf.layers.cross_attention import modality_attention
from camgr_tf.layers.cross_attention import node_attention
from camgr_tf.layers.cross_attention import paper_logit_scale
from camgr_tf.layers.cross_attention import projected_channel_attention

PROJECTIONS = ("dense", "identity")
# Start of the learned factor on cosine logits, for each reading that has one.
COSINE_LOGIT_SCALES = {"channel": 8.0, "modalities": 4.0, "preference": 1.0}


class CrossAttentionFusion(keras.layers.Layer):
    """Fuses modalities into common and distinct parts, gated by preference.

    ```
    Q = Linear(H_t),  K = Linear(H_p),  V = Linear(H_p)        (15-17)
    CA = softmax(Q K^T / sqrt(d_k)) V                          (18, 21)
    CR = Linear(CA) + Q,      H_com = MLP(LN(CR)) + CR         (19, 20)
    DR = Linear(V - CA) + Q,  H_dif = MLP(LN(DR)) + DR         (22, 23)
    H_m = (H_com * sigmoid(W_c H_n + b_c)
           + H_dif * sigmoid(W_d H_n + b_d)) / 2               (24-26)
    ```

    One modality asks (the paper: text), the others answer (image). With more
    than one answering modality, the parts are computed for each with the same
    weights and averaged. A single modality asks and answers itself. With
    `shares`, all modalities answer, each by its share, and what asks is a
    mean of them that the caller has formed.

    Args:
        units: Integer. Width of all states.
        attention: String, the reading of eq. 18: `"channel"` (the paper's
            layout), `"batch"` over the given rows, `"nodes"` over all nodes,
            `"heads"` over groups of channels of a node, `"modalities"` over a
            node's modalities, the asking one included, `"preference"` the
            same with `H_n` as what asks and cosine logits (the residual `Q`
            stays that of `H_t`), or `"zero"`, which leaves the attention
            out. Defaults to `"channel"`.
        projections: String. `"dense"`, the matrices of eq. 15-17, 19 and 22,
            or `"identity"`, where each `Linear` there leaves its input as it
            is. Defaults to `"dense"`.
        normalize_logits: Boolean. Cosine logits with a learned factor in
            place of `1 / sqrt(d_k)`; `"channel"` and `"modalities"` only,
            `"preference"` has them anyway. Defaults to `False`.
        share_projections: Boolean. Whether the distinct branch uses the
            common branch's `Q`, `K` and `V`, as the paper's single set of
            symbols says; `False` needs dense `projections`. Defaults to
            `True`.
        residual_mlp: Boolean. Whether eq. 20 and 23 are applied; if false
            `H_com = CR` and `H_dif = DR`. Defaults to `True`.
        identity_start: Boolean. Projections start as the identity, the last
            layer of each MLP and the matrices of the gates at zero, so that
            the layer starts as sums of its inputs, the same for every node;
            if false, all start Xavier-uniform as the paper says. Defaults to
            `True`.
        gate_start: Float. `b_c` of eq. 24 starts at it, `b_d` of eq. 25 at
            its negative. At `0` both gates start open by half, and with
            shared projections `CA` cancels in eq. 26. Defaults to `0.0`.
        num_heads: Integer. Tokens of `"heads"`. Defaults to `8`.
        dropout: Float in `[0, 1)`. On `CA` and `V - CA`. Defaults to `0.0`.
        seed: Integer. Of initial values and dropout. Defaults to `0`.

    Call arguments:
        query: Float tensor of shape `(num_nodes, units)`.
        keys: List of float tensors of shape `(num_nodes, units)`.
        node_states: Float tensor of shape `(num_nodes, units)`, the ID
            embeddings after the encoder, `H_n`.
        shares: Float tensor of shape `(len(keys),)`, positive, of sum one:
            the weight of each of `keys` in `V`, and in the attention before
            a node's own logits. Defaults to `None`: equal, and an attention
            over modalities is also over the asking one.
        rows: int32 tensor of shape `(num_rows,)`: the nodes whose result is
            wanted. Defaults to `None`: all.

    Output shape:
        `(num_rows, units)`.

    Raises:
        ValueError: For an unknown `attention` or `projections`, for
            `normalize_logits` or `share_projections` with a choice that has
            none, and for `num_heads` that do not divide `units`.

    Reference:
        Eq. 15-26.
    """

    def __init__(
        self,
        units,
        attention="channel",
        projections="dense",
        normalize_logits=False,
        share_projections=True,
        residual_mlp=True,
        identity_start=True,
        gate_start=0.0,
        num_heads=8,
        dropout=0.0,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if attention not in ATTENTIONS:
            raise ValueError(
                f"`attention` must be one of {ATTENTIONS}. "
                f"Received: attention={attention!r}"
            )
        if projections not in PROJECTIONS:
            raise ValueError(
                f"`projections` must be one of {PROJECTIONS}. "
                f"Received: projections={projections!r}"
            )
        if not share_projections and projections != "dense":
            raise ValueError(
                "`share_projections=False` needs `projections='dense'`. "
                f"Received: projections={projections!r}"
            )
        if normalize_logits and attention not in COSINE_LOGIT_SCALES:
            raise ValueError(
                "`normalize_logits` needs an `attention` of "
                f"{tuple(COSINE_LOGIT_SCALES)}. Received: "
                f"attention={attention!r}"
            )
        if units % num_heads:
            raise ValueError(
                f"`num_heads` must divide `units`, {units}. "
                f"Received: num_heads={num_heads}"
            )
        self.units = units
        self.attention = attention
        self.projections = projections
        self.normalize_logits = normalize_logits
        # ID states grow from 0.01 to 1 in training, and cosines do not.
        self.cosine_logits = normalize_logits or attention == "preference"
        self.share_projections = share_projections
        self.residual_mlp = residual_mlp
        self.identity_start = identity_start
        self.gate_start = gate_start
        self.num_heads = num_heads
        self.dropout = dropout
        self.seed = seed
        self._num_dense = 0

    def build(self, query_shape, **shapes):
        branches = ("common",)
        if not self.share_projections:
            branches = ("common", "distinct")
        self.linears = {
            branch: {
                name: self._projection(f"{branch}_{name}")
                for name in ("query", "key", "value")
            }
            for branch in branches
        }
        self.outputs = {
            branch: self._projection(f"{branch}_output")
            for branch in ("common", "distinct")
        }
        self.gates = {
            branch: self._dense(
                f"{branch}_gate",
                identity=False,
                zero=True,
                activation="sigmoid",
                bias=start,
            )
            for branch, start in (
                ("common", self.gate_start),
                ("distinct", -self.gate_start),
            )
        }
        if self.residual_mlp:
            self.norms = {}
            self.mlps = {}
            for branch in ("common", "distinct"):
                norm = keras.layers.LayerNormalization(
                    epsilon=1e-5, name=f"{branch}_norm"
                )
                norm.build((None, self.units))
                self.norms[branch] = norm
                self.mlps[branch] = self._mlp(branch)
        if self.cosine_logits:
            self.log_scale = self.add_weight(
                name="log_scale",
                shape=(),
                initializer=keras.initializers.Constant(
                    math.log(COSINE_LOGIT_SCALES[self.attention])
                ),
            )
        self.dropout_layer = keras.layers.Dropout(self.dropout, seed=self.seed)

    @property
    def within_rows(self):
        """Whether a row's result needs the states of the given rows alone."""
        return self.attention not in ("channel", "nodes")

    def call(
        self,
        query,
        keys,
        node_states,
        shares=None,
        rows=None,
        training=False,
    ):
        common, distinct = self.parts(
            query, keys, node_states, shares, rows, training
        )
        return common + distinct

    def parts(
        self,
        query,
        keys,
        node_states,
        shares=None,
        rows=None,
        training=False,
        num_context=None,
    ):
        """The two summands of eq. 26.

        Args:
            query: Float tensor of shape `(num_nodes, units)`.
            keys: List of float tensors of shape `(num_nodes, units)`.
            node_states: Float tensor of shape `(num_nodes, units)`.
            shares: Float tensor of shape `(len(keys),)`, or `None` for equal
                ones. Defaults to `None`.
            rows: int32 tensor of shape `(num_rows,)`, or `None` for all
                nodes. Defaults to `None`.
            training: Boolean. Whether dropout is active. Defaults to
                `False`.
            num_context: Integer. Only the first `num_context` nodes are
                attended to, so that nodes behind them get what they would
                get one by one. Defaults to `None`: all nodes.

        Returns:
            Tuple of tensors of shape `(num_rows, units)`, the common and the
            distinct part; their sum is the layer's result.
        """

        def pick(states):
            return states if rows is None else ops.take(states, rows, axis=0)

        # Attention over modalities sees all of them at once.
        together = self.attention in ("modalities", "preference")
        weights = _weights(shares, len(keys))
        groups = [(keys, weights)] if together else [([k], [1.0]) for k in keys]
        preferences = pick(node_states)

        # With shared projections both branches use one attention.
        attended = {
            name: [
                self._project(
                    name, query, *group, shares, preferences, pick, num_context
                )
                for group in groups
            ]
            for name in self.linears
        }

        def branch(name):
            states = attended.get(name, attended["common"])
            return sum(
                weight * self._branch(name, *group, training)
                for weight, group in zip([1.0] if together else weights, states)
            )

        return (
            0.5 * branch("common") * self.gates["common"](preferences),
            0.5 * branch("distinct") * self.gates["distinct"](preferences),
        )

    def _project(
        self,
        branch,
        query,
        keys,
        weights,
        shares,
        preferences,
        pick,
        num_context,
    ):
        """`Q`, `V` and `CA` of the wanted rows, each `(num_rows, units)`."""
        projections = self.linears[branch]
        queries = projections["query"](pick(query))
        values = [projections["value"](pick(key)) for key in keys]
        value = sum(weight * v for weight, v in zip(weights, values))
        asking = queries
        if self.attention == "preference":
            asking = projections["query"](preferences)
        attended = self._attend(
            projections, query, keys, shares, pick, asking, values, num_context
        )
        return queries, value, attended

    def _branch(self, branch, queries, value, attended, training):
        if branch == "distinct":
            attended = value - attended
        attended = self.dropout_layer(attended, training=training)
        result = self.outputs[branch](attended) + queries
        if self.residual_mlp:
            normalized = self.norms[branch](result)
            hidden, last = self.mlps[branch]
            result = last(hidden(normalized)) + result
        return result

    def _attend(
        self,
        projections,
        query,
        keys,
        shares,
        pick,
        queries,
        values,
        num_context,
    ):
        scale = paper_logit_scale(self.units)
        value = values[0]  # the only one, unless over modalities
        if self.attention == "zero":
            return ops.zeros_like(value)
        asking, answering = query, keys[0]
        if num_context is not None:
            asking, answering = asking[:num_context], answering[:num_context]
        if self.attention == "channel" and (
            self.normalize_logits or self.projections == "identity"
        ):
            if self.normalize_logits:
                scale = ops.exp(self.log_scale)
            return channel_attention(
                projections["query"](asking),
                projections["key"](answering),
                value,
                scale,
                normalize=self.normalize_logits,
            )
        if self.attention == "channel":
            return projected_channel_attention(
                asking,
                answering,
                projections["query"],
                projections["key"],
                value,
                scale,
            )
        if self.attention == "nodes" or (
            self.attention == "batch" and num_context is not None
        ):
            return node_attention(
                queries,
                projections["key"](answering),
                projections["value"](answering),
                scale,
            )
        row_keys = [projections["key"](pick(key)) for key in keys]
        if self.attention == "batch":
            return node_attention(queries, row_keys[0], value, scale)
        if self.attention == "heads":
            scale = paper_logit_scale(self.units // self.num_heads)
            return head_attention(
                queries, row_keys[0], value, scale, self.num_heads
            )
        if self.cosine_logits:
            scale = ops.exp(self.log_scale)
        if shares is None:  # the asking modality is not among the keys
            row_keys = [projections["key"](pick(query)), *row_keys]
            values = [projections["value"](pick(query)), *values]
        return modality_attention(
            queries,
            ops.stack(row_keys, axis=1),
            ops.stack(values, axis=1),
            scale,
            self.cosine_logits,
            shares,
        )

    def _projection(self, name):
        if self.projections == "identity":
            return keras.layers.Identity(name=name)
        return self._dense(name)

    def _dense(
        self, name, identity=True, zero=False, activation=None, bias=0.0
    ):
        self._num_dense += 1
        if zero and self.identity_start:
            initializer = "zeros"
        elif identity and self.identity_start:
            initializer = keras.initializers.Identity()
        else:
            initializer = keras.initializers.GlorotUniform(
                seed=self.seed + self._num_dense
            )
        layer = keras.layers.Dense(
            self.units,
            activation=activation,
            kernel_initializer=initializer,
            bias_initializer=keras.initializers.Constant(bias),
            name=name,
        )
        layer.build((None, self.units))
        return layer

    def _mlp(self, branch):
        return (
            self._dense(f"{branch}_hidden", identity=False, activation="relu"),
            self._dense(f"{branch}_last", identity=False, zero=True),
        )

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "attention": self.attention,
                "projections": self.projections,
                "normalize_logits": self.normalize_logits,
                "share_projections": self.share_projections,
                "residual_mlp": self.residual_mlp,
                "identity_start": self.identity_start,
                "gate_start": self.gate_start,
                "num_heads": self.num_heads,
                "dropout": self.dropout,
                "seed": self.seed,
            }
        )
        return config


def _weights(shares, num_keys):
    if shares is None:
        return [1 / num_keys] * num_keys
    return [shares[m] for m in range(num_keys)]

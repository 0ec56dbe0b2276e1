import keras

from camgr_tf.layers.residual_mlp import ResidualMLP
from camgr_tf.ops.attention import paper_logit_scale
from camgr_tf.ops.attention import projected_channel_attention

BRANCHES = ("common", "distinct")


class CrossAttentionFusion(keras.layers.Layer):
    """Fuses modalities into common and distinct parts, as the paper prints it.

    ```
    Q = Linear(H_t),  K = Linear(H_p),  V = Linear(H_p)            (15-17)
    CA = softmax(Q K^T / sqrt(d_k)) V                              (18, 21)
    CR = Linear(CA) + Q,      H_com = MLP(LN(CR)) + CR             (19, 20)
    DR = Linear(V - CA) + Q,  H_dif = MLP(LN(DR)) + DR             (22, 23)
    H_f = (H_com * sigmoid(W_c H_n + b_c)
           + H_dif * sigmoid(W_d H_n + b_d)) / 2                   (24-26)
    ```

    One modality is the query `H_t` (the paper: text), each other one a key
    and value `H_p` (image); with several of these the parts are averaged, and
    a single modality is its own key. Nodes are columns in the paper, so
    attention runs over channels: one matrix `(units, units)` for all nodes.
    Both branches use one set of projections, and with equal gates `CA`
    cancels in eq. 26.

    Args:
        units: Integer. Width of all states.
        query_index: Integer. The query's place in `modal_states`. Defaults to
            `0`.
        dropout: Float in `[0, 1)`. On `CA` and `V - CA` in training.
            Defaults to `0.0`.
        seed: Integer. Of initial values and dropout. Defaults to `0`.

    Call arguments:
        node_states: Float tensor of shape `(num_rows, units)`, `H_n`.
        modal_states: List of float tensors of shape `(num_rows, units)`.
        context: List of float tensors of shape `(num_nodes, units)`, the
            modal states of all nodes, over which the attention sums.
            Defaults to `None`: `modal_states`.

    Output shape:
        `(num_rows, units)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers import CrossAttentionFusion

    text, image = np.ones((3, 4), "float32"), np.zeros((3, 4), "float32")
    node_states = np.ones((3, 4), "float32")
    fused = CrossAttentionFusion(4)(node_states, [text, image])  # (3, 4)
    ```

    Reference:
        Eq. 15-26.
    """

    def __init__(self, units, query_index=0, dropout=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.query_index = query_index
        self.dropout = dropout
        self.seed = seed

    def build(self, node_states_shape, **_):
        names = ("query", "key", "value", "common_output", "distinct_output")
        self.linears = {
            name: self._dense(name, number)
            for number, name in enumerate(names, start=1)
        }
        self.gates = {
            branch: self._dense(f"{branch}_gate", number, "sigmoid")
            for branch, number in zip(BRANCHES, (6, 7))
        }
        self.mlps = {}
        for branch, number in zip(BRANCHES, (8, 10)):
            self.mlps[branch] = ResidualMLP(
                self.units,
                zero_start=False,
                seed=self.seed + number,
                name=f"{branch}_mlp",
            )
            self.mlps[branch].build((None, self.units))
        self.drop = keras.layers.Dropout(self.dropout, seed=self.seed)

    def call(self, node_states, modal_states, context=None, training=False):
        parts = self.parts(node_states, modal_states, context, training)
        return sum(parts.values())

    def parts(self, node_states, modal_states, context=None, training=False):
        """The two summands of eq. 26.

        Args:
            node_states: Float tensor of shape `(num_rows, units)`.
            modal_states: List of float tensors of shape `(num_rows, units)`.
            context: List of float tensors of shape `(num_nodes, units)`, or
                `None` for `modal_states`. Defaults to `None`.
            training: Boolean. Whether dropout is active. Defaults to
                `False`.

        Returns:
            Dictionary of `"common"` and `"distinct"`, tensors of shape
            `(num_rows, units)` whose sum is the layer's result.
        """
        asked, first = context or modal_states, self.query_index
        query = self.linears["query"](modal_states[first])  # (15)
        totals = dict.fromkeys(BRANCHES, 0.0)
        keys = [m for m in range(len(modal_states)) if m != first] or [first]
        for m in keys:
            value = self.linears["value"](modal_states[m])  # (17)
            attended = projected_channel_attention(  # (15, 16, 18, 21)
                asked[first],
                asked[m],
                self.linears["query"],
                self.linears["key"],
                value,
                paper_logit_scale(self.units),
            )
            for branch, states in zip(BRANCHES, (attended, value - attended)):
                dropped = self.drop(states, training=training)
                output = self.linears[f"{branch}_output"](dropped)
                totals[branch] += self.mlps[branch](output + query)  # (19-23)
        return {
            branch: 0.5 * total / len(keys) * self.gates[branch](node_states)
            for branch, total in totals.items()
        }  # (24-26)

    def _dense(self, name, number, activation=None):
        layer = keras.layers.Dense(
            self.units,
            activation=activation,
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=self.seed + number
            ),
            name=name,
        )
        layer.build((None, self.units))
        return layer

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "query_index": self.query_index,
                "dropout": self.dropout,
                "seed": self.seed,
            }
        )
        return config

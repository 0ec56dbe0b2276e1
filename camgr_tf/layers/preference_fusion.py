import math

import keras
from keras import ops

from camgr_tf.layers.modality_mean import ModalityMean
from camgr_tf.layers.residual_mlp import ResidualMLP
from camgr_tf.ops.attention import modality_attention

BRANCHES = ("common", "distinct")


class PreferenceFusion(keras.layers.Layer):
    """Fuses modalities by attention in which a node's ID state is the query.

    ```
    Q = V = sum_m w_m H_m                                          (15-17)
    CA = sum_m a_m H_m,  a_m ~ w_m exp( s cos(H_n, H_m) )          (18, 21)
    CR = CA + Q,         H_com = MLP(LN(CR)) + CR                  (19, 20)
    DR = V - CA + Q,     H_dif = MLP(LN(DR)) + DR                  (22, 23)
    H_f = (H_com * sigmoid(W_c H_n + b_c)
           + H_dif * sigmoid(W_d H_n + b_d)) / 2                   (24-26)
    ```

    The shares `w`, a softmax of one number for each modality, and the factor
    `s`, which starts at 1, are learned. It departs from the paper, where one
    modality is the query and attention runs over channels
    (`CrossAttentionFusion`), and every `Linear` is the identity here. The
    last layers of the MLPs and the gates' matrices start at zero: the layer
    starts as sums of its inputs, the same for every node.

    Args:
        units: Integer. Width of all states.
        gate_start: Float. `b_c` starts at it and `b_d` at its negative; at
            `0` both gates start open by half, and `CA` cancels in eq. 26.
            Defaults to `2.0`.
        dropout: Float in `[0, 1)`. On `CA` and `V - CA` in training.
            Defaults to `0.0`.
        seed: Integer. Of initial values and dropout. Defaults to `0`.

    Call arguments:
        node_states: Float tensor of shape `(num_nodes, units)`, `H_n`.
        modal_states: List of float tensors of shape `(num_nodes, units)`,
            one for each modality, `H_m`.

    Output shape:
        `(num_nodes, units)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers import PreferenceFusion

    image, text = np.ones((3, 4), "float32"), np.zeros((3, 4), "float32")
    node_states = np.ones((3, 4), "float32")
    fused = PreferenceFusion(4)(node_states, [image, text])  # shape (3, 4)
    ```

    Reference:
        Eq. 15-26.
    """

    # `s` starts here; `None` where the logits are no cosines.
    factor_start = 1.0
    learned_shares = True

    def __init__(self, units, gate_start=2.0, dropout=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.gate_start = gate_start
        self.dropout = dropout
        self.seed = seed

    def build(self, node_states_shape, modal_states_shape, **_):
        self.mean = ModalityMean(
            learned=self.learned_shares, name="modality_mean"
        )
        self.mean.build(modal_states_shape)
        if self.factor_start is not None:
            start = keras.initializers.Constant(math.log(self.factor_start))
            self.log_factor = self.add_weight(
                name="log_factor", shape=(), initializer=start
            )
        self.gates = {
            branch: keras.layers.Dense(
                self.units,
                activation="sigmoid",
                kernel_initializer="zeros",
                bias_initializer=keras.initializers.Constant(start),
                name=f"{branch}_gate",
            )
            for branch, start in zip(
                BRANCHES, (self.gate_start, -self.gate_start)
            )
        }
        self.mlps = {
            branch: self.make_mlp(f"{branch}_mlp", self.seed + number)
            for branch, number in zip(BRANCHES, (3, 5))
        }
        for layer in (*self.gates.values(), *self.mlps.values()):
            layer.build((None, self.units))
        self.drop = keras.layers.Dropout(self.dropout, seed=self.seed)

    def make_mlp(self, name, seed):
        """The layer of eq. 20 or 23."""
        return ResidualMLP(self.units, seed=seed, name=name)

    def call(self, node_states, modal_states, training=False):
        return sum(self.parts(node_states, modal_states, training).values())

    def parts(self, node_states, modal_states, training=False):
        """The two summands of eq. 26.

        Args:
            node_states: Float tensor of shape `(num_nodes, units)`.
            modal_states: List of float tensors of shape `(num_nodes, units)`.
            training: Boolean. Whether dropout is active. Defaults to
                `False`.

        Returns:
            Dictionary of `"common"` and `"distinct"`, tensors of shape
            `(num_nodes, units)` whose sum is the layer's result.
        """
        query = self.mean(modal_states)  # (15-17)
        attended = self.attend(node_states, query, modal_states)  # (18, 21)
        common = self.branch("common", attended, query, training)
        distinct = self.branch("distinct", query - attended, query, training)
        return self.gated(node_states, common, distinct)

    def attend(self, node_states, query, modal_states):
        """`CA`, `(num_nodes, units)` (eq. 18, 21)."""
        states = ops.stack(modal_states, axis=1)  # (num_nodes, M, units)
        return modality_attention(
            node_states,
            states,
            states,
            ops.exp(self.log_factor),
            normalize=True,
            shares=self.mean.shares(),
        )

    def branch(self, name, attended, query, training):
        """`H_com` or `H_dif` (eq. 19, 20 or 22, 23)."""
        dropped = self.drop(attended, training=training)
        return self.mlps[name](dropped + query)

    def gated(self, node_states, common, distinct):
        """The summands of eq. 26 behind their gates (eq. 24, 25)."""
        return {
            name: 0.5 * states * self.gates[name](node_states)
            for name, states in zip(BRANCHES, (common, distinct))
        }

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "gate_start": self.gate_start,
                "dropout": self.dropout,
                "seed": self.seed,
            }
        )
        return config

import keras
from keras import ops

from camgr_tf.ops import segment_softmax
from camgr_tf.ops import weighted_matmul


class GraphAttention(keras.layers.Layer):
    """Attention of each node over its neighbors in a sparse graph.

    ```
    z_n      = W h_n
    alpha_ni = softmax_{i in N(n)} LeakyReLU( w . [z_n | z_i] )   (8)
    h'_n     = act( sum_{i in N(n)} alpha_ni z_i )                (7)
    ```

    The product with `w` splits into one number per node for each end of an
    edge, so no row per edge is made in the forward pass.

    `scaling="degree"` multiplies `alpha_ni` by `sqrt(d_n / d_i)`: equal
    logits then give the symmetric weights `1 / sqrt(d_n d_i)` of LightGCN,
    where plain attention gives the mean over the neighbors.

    Args:
        units: Integer. Size of the output.
        transform: Boolean. Whether there is a `W`; without it `z = h` and
            `units` must equal the input's width. Defaults to `True`.
        activation: String or function, the `act` of eq. 7. Defaults to
            `"relu"`.
        scaling: String, `"none"` (eq. 7) or `"degree"`. Defaults to
            `"none"`.
        kernel_initializer: Initial values of `W`. Defaults to
            `"glorot_uniform"`.
        attention_initializer: Initial values of `w`. Defaults to
            `"glorot_uniform"`.
        negative_slope: Float. Slope of LeakyReLU below zero. Defaults to
            `0.2`, that of the GAT paper.

    Call arguments:
        node_states: Float tensor of shape `(num_nodes, input_dim)`.
        adjacency: `Adjacency` of shape `(num_nodes, num_nodes)`; `[target,
            source]` marks that `target` attends to `source`. An entry whose
            value is zero (`Adjacency.without`) carries nothing; the others
            keep their weights.

    Output shape:
        `(num_nodes, units)`. A node without neighbors gets zeros before the
        activation.

    Example:

    ```python
    import numpy as np
    import scipy.sparse as sp
    from camgr_tf.layers import GraphAttention
    from camgr_tf.ops import Adjacency

    # Node 0 has the neighbors 1 and 2, the others none.
    graph = sp.csr_matrix(([1.0, 1.0], ([0, 0], [1, 2])), shape=(3, 3))
    states = np.eye(3, dtype="float32")
    layer = GraphAttention(2, activation=None)
    out = np.asarray(layer(states, adjacency=Adjacency(graph)))
    assert out.shape == (3, 2) and (out[1:] == 0).all()
    ```

    Reference:
        Eq. 7 and 8; Velickovic et al., ICLR 2018. Eq. 8 writes `u` and `i`
        for the two ends, this layer `n` and `i` as eq. 7 does.
    """

    def __init__(
        self,
        units,
        transform=True,
        activation="relu",
        scaling="none",
        kernel_initializer="glorot_uniform",
        attention_initializer="glorot_uniform",
        negative_slope=0.2,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if scaling not in ("none", "degree"):
            raise ValueError(
                "`scaling` must be 'none' or 'degree'. "
                f"Received: scaling={scaling!r}"
            )
        self.units = units
        self.transform = transform
        self.activation = keras.activations.get(activation)
        self.scaling = scaling
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.attention_initializer = keras.initializers.get(
            attention_initializer
        )
        self.negative_slope = negative_slope

    def build(self, node_states_shape):
        input_dim = node_states_shape[-1]
        if self.transform:
            self.kernel = self.add_weight(
                name="kernel",
                shape=(input_dim, self.units),
                initializer=self.kernel_initializer,
            )
        elif input_dim != self.units:
            raise ValueError(
                "Without `transform`, `units` must equal the width of "
                f"`node_states`, {input_dim}. Received: units={self.units}"
            )
        self.attention = self.add_weight(
            name="attention",
            shape=(self.units, 2),  # columns: target end, source end
            initializer=self.attention_initializer,
        )

    def call(self, node_states, adjacency):
        states = node_states @ self.kernel if self.transform else node_states
        weights = self.attention_weights(states, adjacency)
        return self.activation(weighted_matmul(adjacency, weights, states))

    def attention_weights(self, states, adjacency):
        """Weight of each edge, `(num_edges,)`, from transformed states."""
        scores = states @ self.attention  # (num_nodes, 2)
        logits = ops.leaky_relu(
            ops.take(scores[:, 0], adjacency.targets)
            + ops.take(scores[:, 1], adjacency.sources),
            negative_slope=self.negative_slope,
        )
        weights = segment_softmax(logits, adjacency.targets, adjacency.shape[0])
        weights = weights * ops.cast(
            adjacency.tensor.values != 0, weights.dtype
        )
        if self.scaling == "degree":
            # Every edge has two ends, so no degree here is zero.
            weights = weights * ops.sqrt(
                ops.take(adjacency.target_degrees, adjacency.targets)
                / ops.take(adjacency.source_degrees, adjacency.sources)
            )
        return weights

    def compute_output_shape(self, node_states_shape):
        return (node_states_shape[0], self.units)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "transform": self.transform,
                "activation": keras.activations.serialize(self.activation),
                "scaling": self.scaling,
                "kernel_initializer": keras.initializers.serialize(
                    self.kernel_initializer
                ),
                "attention_initializer": keras.initializers.serialize(
                    self.attention_initializer
                ),
                "negative_slope": self.negative_slope,
            }
        )
        return config

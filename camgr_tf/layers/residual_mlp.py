import keras


class ResidualMLP(keras.layers.Layer):
    """A state plus what two layers make of its normalized form.

    ```
    MLP(LN(x)) + x,   MLP(y) = W_2 relu(W_1 y + b_1) + b_2     (20, 23)
    ```

    Args:
        units: Integer. Width of the states and of the hidden layer.
        zero_start: Boolean. Whether `W_2` starts at zero, so that the layer
            starts as the identity; else Xavier-uniform. Defaults to `True`.
        seed: Integer. Of the initial values. Defaults to `0`.

    Call arguments:
        states: Float tensor of shape `(num_nodes, units)`.

    Output shape:
        `(num_nodes, units)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers import ResidualMLP

    states = np.ones((3, 4), "float32")
    ResidualMLP(4)(states)  # ones: the last layer starts at zero
    ```

    Reference:
        Eq. 20 and 23.
    """

    def __init__(self, units, zero_start=True, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.zero_start = zero_start
        self.seed = seed

    def build(self, states_shape):
        xavier = keras.initializers.GlorotUniform
        # PyTorch's epsilon; Keras' is a thousandfold.
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")
        self.hidden = keras.layers.Dense(
            self.units,
            activation="relu",
            kernel_initializer=xavier(seed=self.seed),
            name="hidden",
        )
        self.last = keras.layers.Dense(
            self.units,
            kernel_initializer="zeros"
            if self.zero_start
            else xavier(seed=self.seed + 1),
            name="last",
        )
        for layer in (self.norm, self.hidden, self.last):
            layer.build((None, self.units))

    def call(self, states):
        return self.last(self.hidden(self.norm(states))) + states

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "zero_start": self.zero_start,
                "seed": self.seed,
            }
        )
        return config

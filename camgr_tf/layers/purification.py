import keras

from camgr_tf.layers.initializers import torch_uniform


class ModalityPurification(keras.layers.Layer):
    """Gates a behavioral embedding by the content of one modality.

    ```
    H'  = W_1 H + b_1                          (1)
    H'' = B * sigmoid(W_2 H' + b_2)            (5, 6)
    ```

    where `B` is what is known of the item by its interactions: the item's ID
    embedding plus the mean embedding of its users (eq. 2-4). Content enters
    through the gate alone, so what no user's behavior speaks of is removed.

    Args:
        units: Integer. Size of the aligned features and of the gate; the
            width of `behavior`.
        gated: Boolean. If false, the aligned features `H'` are returned and
            `behavior` is not read: the paper's ablation "w/o IUD". Defaults
            to `True`.
        seed: Integer. Of the initial values. Defaults to `0`.

    Call arguments:
        features: Float tensor of shape `(num_items, width)`.
        behavior: Float tensor of shape `(num_items, units)`.

    Output shape:
        `(num_items, units)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers import ModalityPurification

    features = np.ones((3, 5), "float32")
    behavior = np.full((3, 4), 2.0, "float32")
    purified = np.asarray(ModalityPurification(4)(features, behavior))
    assert ((0 < purified) & (purified < 2)).all()  # gates of (0, 1)
    ```

    Reference:
        Eq. 1, 5 and 6.
    """

    def __init__(self, units, gated=True, seed=0, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(
                f"`units` must be positive. Received: units={units}"
            )
        self.units = units
        self.gated = gated
        self.seed = seed

    def build(self, features_shape, behavior_shape=None):
        width = features_shape[-1]
        self.align = _dense(self.units, width, self.seed, "align")
        if self.gated:
            self.gate = _dense(
                self.units,
                self.units,
                self.seed + 1,
                "gate",
                activation="sigmoid",
            )

    def call(self, features, behavior=None):
        aligned = self.align(features)  # (num_items, units)
        if not self.gated:
            return aligned
        return behavior * self.gate(aligned)

    def compute_output_shape(self, features_shape, behavior_shape=None):
        return (features_shape[0], self.units)

    def get_config(self):
        config = super().get_config()
        config.update(
            {"units": self.units, "gated": self.gated, "seed": self.seed}
        )
        return config


def _dense(units, input_dim, seed, name, activation=None):
    layer = keras.layers.Dense(
        units,
        activation=activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        bias_initializer=torch_uniform(input_dim, seed + 7919),
        name=name,
    )
    layer.build((None, input_dim))
    return layer

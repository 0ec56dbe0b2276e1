import keras
from keras import ops


class ModalityMean(keras.layers.Layer):
    """Mean of the modalities, equal or with learned weights.

    ```
    sum_m softmax(w)_m H_m
    ```

    Forms the query of `CrossAttentionFusion` where no single modality does,
    and takes its place in the ablation "w/o CAFF".

    Args:
        learned: Boolean. Whether `w`, one number per modality, is trained;
            it starts at zero, the plain mean. Defaults to `False`.

    Call arguments:
        states: List of float tensors of shape `(num_nodes, dim)`.

    Output shape:
        `(num_nodes, dim)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers.modality_mean import ModalityMean

    image, text = np.zeros((3, 4), "float32"), np.ones((3, 4), "float32")
    mean = ModalityMean(learned=True)
    assert np.allclose(mean([image, text]), 0.5)  # even at the start
    ```

    Reference:
        Table 3, "w/o CAFF".
    """

    def __init__(self, learned=False, **kwargs):
        super().__init__(**kwargs)
        self.learned = learned

    def build(self, states_shape):
        if self.learned:
            self.logits = self.add_weight(
                name="logits",
                shape=(len(states_shape),),
                initializer="zeros",
            )

    def call(self, states):
        return sum(self.parts(states))

    def parts(self, states):
        """The summands, tensors `(num_nodes, dim)` in the states' order."""
        if not self.learned:
            return [state / len(states) for state in states]
        shares = self.shares()
        return [shares[m] * state for m, state in enumerate(states)]

    def shares(self):
        """`softmax(w)` of a learned mean, of shape `(num_modalities,)`."""
        return ops.softmax(self.logits)

    def get_config(self):
        return {**super().get_config(), "learned": self.learned}

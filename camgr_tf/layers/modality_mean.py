import keras
from keras import ops


class ModalityMean(keras.layers.Layer):
    """Mean of the modalities, equal or with learned weights.

    ```
    sum_m softmax(w)_m H_m
    ```

    Takes the place of `CrossAttentionFusion` in the ablation "w/o CAFF".

    Args:
        learned: Boolean. Whether `w`, one number per modality, is trained;
            it starts at zero, the plain mean. Defaults to `False`.

    Call arguments:
        states: List of float tensors of shape `(num_nodes, dim)`.

    Output shape:
        `(num_nodes, dim)`.

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
        if not self.learned:
            return sum(states) / len(states)
        weights = ops.softmax(self.logits)
        return sum(weights[m] * state for m, state in enumerate(states))

    def get_config(self):
        return {**super().get_config(), "learned": self.learned}

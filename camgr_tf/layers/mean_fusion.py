from camgr_tf.layers.modality_mean import ModalityMean


class MeanFusion(ModalityMean):
    """Fuses modalities by their mean, the same for every node.

    ```
    H_f = sum_m w_m H_m                                            (15-26)
    ```

    The shares `w` are equal, or a softmax of one learned number for each
    modality. It stands in place of `PreferenceFusion` and takes what that
    takes; the nodes' ID states are not asked.

    Args:
        learned: Boolean. Whether the shares are trained; they start equal.
            Defaults to `False`.

    Call arguments:
        node_states: Float tensor of shape `(num_nodes, units)`, not used.
        modal_states: List of float tensors of shape `(num_nodes, units)`,
            one for each modality, `H_m`.

    Output shape:
        `(num_nodes, units)`.

    Example:

    ```python
    import numpy as np
    from camgr_tf.layers import MeanFusion

    image, text = np.zeros((3, 4), "float32"), np.ones((3, 4), "float32")
    fused = MeanFusion(learned=True)(image, [image, text])  # shape (3, 4)
    assert np.allclose(fused, 0.5)  # even at the start
    ```

    Reference:
        Table 3, "w/o CAFF", in place of eq. 15-26.
    """

    def build(self, node_states_shape, modal_states_shape, **_):
        super().build(modal_states_shape)

    def call(self, node_states, modal_states, training=False):
        return super().call(modal_states)

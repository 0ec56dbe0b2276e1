import keras
from keras import ops

from camgr_tf.ops import sparse_matmul


class SemanticConvolution(keras.layers.Layer):
    """Smooths items over similar items and carries them to users.

    ```
    H_i = S'' H''_i                            (13)
    h_u = sum_{i in N(u)} a_ui h_i             (14)
    ```

    The graphs are given at call. With `item_adjacency` normalized by rows
    this is eq. 12; with `user_item_adjacency` normalized by rows `a_ui` is
    `1 / |N(u)|`, eq. 14. Several modalities may be given side by side: one
    product then finds the users of all.

    Call arguments:
        item_states: Float tensor of shape `(num_items, dim)`, or a list of
            `M` of them.
        item_adjacency: `Adjacency` of shape `(num_items, num_items)`, or a
            list of `M` of them.
        user_item_adjacency: `Adjacency` of shape `(num_users, num_items)`.

    Output shape:
        `(num_users + num_items, dim)`, users first; with a list `M * dim`
        columns, one modality after the other. A user without items gets
        zeros.

    Example:

    ```python
    import numpy as np
    import scipy.sparse as sp
    from camgr_tf.layers import SemanticConvolution
    from camgr_tf.ops import Adjacency

    similar = Adjacency(sp.csr_matrix([[0.5, 0.5], [0.0, 1.0]]))
    bought = Adjacency(sp.csr_matrix([[1.0, 0.0]]))  # user 0 has item 0
    items = np.array([[2.0], [4.0]], "float32")
    out = SemanticConvolution()(
        items, item_adjacency=similar, user_item_adjacency=bought
    )
    assert np.allclose(out, [[3.0], [3.0], [4.0]])  # the user, the items
    ```

    Reference:
        Eq. 13 and 14.
    """

    def call(self, item_states, item_adjacency, user_item_adjacency):
        if not isinstance(item_states, (list, tuple)):
            item_states, item_adjacency = [item_states], [item_adjacency]
        smoothed = [
            sparse_matmul(adjacency, states)
            for adjacency, states in zip(
                item_adjacency, item_states, strict=True
            )
        ]
        items = ops.concatenate(smoothed, axis=1)  # (num_items, M * dim)
        users = sparse_matmul(user_item_adjacency, items)
        return ops.concatenate([users, items], axis=0)


def split_modalities(joined, modalities):
    """States that lie side by side, by modality.

    Args:
        joined: Float tensor of shape `(num_nodes, M * dim)`.
        modalities: List of `M` names, in the order of the columns.

    Returns:
        Dictionary from a modality to a tensor of shape `(num_nodes, dim)`.

    Example:

    >>> parts = split_modalities(ops.ones((3, 4)), ["image", "text"])
    >>> parts["text"].shape
    TensorShape([3, 2])
    """
    return dict(zip(modalities, ops.split(joined, len(modalities), axis=1)))

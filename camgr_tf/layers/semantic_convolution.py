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
    """
    return dict(zip(modalities, ops.split(joined, len(modalities), axis=1)))

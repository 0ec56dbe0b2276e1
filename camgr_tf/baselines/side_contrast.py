from keras import ops

from camgr_tf.losses import half_squared
from camgr_tf.losses import info_nce


def side_contrast_terms(model, nodes, side):
    """The loss of a behavior view with a side view added (MGCN, SMORE).

    ```
    X    = H + side
    loss = BPR(X) + l2_weight HALF(X)
           + contrastive_weight [ InfoNCE(side_i, H_i)
                                  + InfoNCE(side_u, H_u) ]
    ```

    Args:
        model: `Recommender` with the attributes `contrastive_weight`,
            `temperature`, `l2_weight` and `batch_size`.
        nodes: Float tensor of shape `(3 * batch, dim)`, `H` of a batch's
            users, then of its positive and of its negative items.
        side: Float tensor of that shape.

    Returns:
        Dictionary of scalar tensors: `"bpr"`, `"info_nce"` and `"l2"`.
    """
    users, positive_items, negative_items = ops.split(nodes + side, 3, axis=0)
    user_side, item_side, _ = ops.split(side, 3, axis=0)
    user_nodes, item_nodes, _ = ops.split(nodes, 3, axis=0)
    contrast = info_nce(item_side, item_nodes, model.temperature) + info_nce(
        user_side, user_nodes, model.temperature
    )
    return {
        "bpr": model.bpr(users, positive_items, negative_items),
        "info_nce": model.contrastive_weight * contrast,
        "l2": model.l2_weight
        * half_squared(
            users,
            positive_items,
            negative_items,
            batch_size=model.batch_size,
        ),
    }

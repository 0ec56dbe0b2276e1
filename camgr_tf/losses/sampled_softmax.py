from keras import ops


def sampled_softmax(users, positive_items, negative_items):
    """Ranks each user's item above all negatives of the batch at once.

    ```
    -mean_b log( exp(u_b . i_b) / (exp(u_b . i_b) + sum_r exp(u_b . j_r)) )
    ```

    with `i_b` the user's own item and `j_r` the negatives that were drawn for
    any user of the batch. With a single row it is BPR. Where BPR moves each
    pair by how wrongly that pair is ordered, this moves a user's item by how
    wrongly it stands among all, and mostly against the negatives that are
    ranked highest; one batch of `n` rows compares `n` times as many pairs.
    An item drawn for one user may be another's own: among thousands of items
    that is rare, and it is not left out.

    Args:
        users: Float tensor of shape `(batch, dim)`.
        positive_items: Float tensor of shape `(batch, dim)`.
        negative_items: Float tensor of shape `(num_negatives, dim)`. Memory
            grows with `batch * num_negatives`.

    Returns:
        Scalar tensor; `log(1 + num_negatives)` where all scores are equal.

    Example:

    >>> zeros = ops.zeros((3, 2))
    >>> round(float(sampled_softmax(zeros, zeros, zeros)), 4)  # log 4
    1.3863

    Reference:
        Wu et al., "On the Effectiveness of Sampled Softmax Loss for Item
        Recommendation", TOIS 2024; in place of eq. 29.
    """
    own = ops.sum(users * positive_items, axis=1, keepdims=True)
    others = users @ ops.transpose(negative_items)
    logits = ops.concatenate([own, others], axis=1)
    return ops.mean(ops.logsumexp(logits, axis=1, keepdims=True) - own)

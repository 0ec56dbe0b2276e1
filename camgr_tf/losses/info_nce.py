from keras import ops

from camgr_tf.ops import in_batch_cross_entropy
from camgr_tf.ops import l2_normalize


def info_nce(queries, keys, temperature=0.2, normalize=True, candidates=None):
    """Contrasts each query's own key with the keys of others.

    ```
    -mean_b log( exp(q_b . k_b / t) / sum_r exp(q_b . k_r / t) )
    ```

    The denominator runs over the cross pairs `(b, r)`, with `r` any row or
    any of the `candidates`. Eq. 30 prints `h_r,m . h_r,n` there, which pairs
    each `r` with itself: that is `own_pair_contrast`.

    Args:
        queries: Float tensor of shape `(batch, dim)`.
        keys: Float tensor of shape `(batch, dim)`.
        temperature: Float. Divides the similarities. Defaults to `0.2`.
        normalize: Boolean. Cosine similarity if true, else plain dot
            products. Defaults to `True`.
        candidates: Float tensor of shape `(num_candidates, dim)`, the keys
            of the denominator; a query's own key is one of them. Memory
            grows with `batch * num_candidates`. Defaults to `None`: `keys`.

    Returns:
        Scalar tensor: the mean over the rows, where eq. 30 has the sum, so
        that its weight does not depend on the batch size.

    Example:

    >>> rows = ops.eye(2)  # each its own key, at a right angle to the other's
    >>> round(float(info_nce(rows, rows, temperature=0.2)), 6)
    0.006715

    Reference:
        Eq. 30.
    """
    if normalize:
        queries, keys = l2_normalize(queries), l2_normalize(keys)
        if candidates is not None:
            candidates = l2_normalize(candidates)
    if candidates is not None:
        logits = (queries / temperature) @ ops.transpose(candidates)
        own = ops.sum(queries * keys, axis=1) / temperature
        return ops.mean(ops.logsumexp(logits, axis=1) - own)
    return in_batch_cross_entropy(
        queries / temperature,
        keys,
        bound=1.0 / temperature if normalize else None,
    )

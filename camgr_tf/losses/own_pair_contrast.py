from keras import ops

from camgr_tf.ops import l2_normalize


def own_pair_contrast(queries, keys, temperature=0.2, normalize=True):
    """Contrasts each row's own pair with the own pairs of the other rows.

    ```
    -mean_b log( exp(q_b . k_b / t) / sum_r exp(q_r . k_r / t) )
    ```

    Eq. 30 to the letter: the denominator pairs each `r` with itself. The loss
    is least, the logarithm of the batch, where all own pairs are alike, so
    nothing tells a query's own key from another's as it does in `info_nce`,
    which the paper names.

    Args:
        queries: Float tensor of shape `(batch, dim)`.
        keys: Float tensor of shape `(batch, dim)`.
        temperature: Float. Divides the similarities. Defaults to `0.2`.
        normalize: Boolean. Cosine similarity if true, else plain dot
            products. Defaults to `True`.

    Returns:
        Scalar tensor: the mean over the rows, as in `info_nce`.

    Example:

    >>> rows = ops.eye(3)  # own pairs all alike: the logarithm of three
    >>> round(float(own_pair_contrast(rows, rows)), 4)
    1.0986

    Reference:
        Eq. 30.
    """
    if normalize:
        queries, keys = l2_normalize(queries), l2_normalize(keys)
    own = ops.sum(queries * keys, axis=1) / temperature
    return ops.logsumexp(own) - ops.mean(own)

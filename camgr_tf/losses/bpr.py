from keras import ops


def bpr(positive_scores, negative_scores):
    """Bayesian personalized ranking, `mean(softplus(negative - positive))`.

    Equal to `-mean(log(sigmoid(positive - negative)))`, and finite for any
    finite scores.

    Args:
        positive_scores: Float tensor of shape `(batch,)`.
        negative_scores: Float tensor of shape `(batch,)`.

    Returns:
        Scalar tensor.

    Example:

    >>> round(float(bpr(ops.array([1.0]), ops.array([1.0]))), 4)  # ln 2
    0.6931

    Reference:
        `L_BPR` of eq. 31; Rendle et al., UAI 2009.
    """
    return ops.mean(ops.softplus(negative_scores - positive_scores))

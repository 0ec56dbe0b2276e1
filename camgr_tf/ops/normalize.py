from keras import ops


def l2_normalize(x, epsilon=1e-12):
    """Scales rows to unit length, `x / max(||x||, epsilon)`.

    The threshold is on the norm, as in PyTorch. `tf.math.l2_normalize` and
    `keras.ops.normalize` put theirs on the squared norm, which turns a row of
    norm 1e-8 into one of norm 0.01 where this function gives 1.

    Args:
        x: Float tensor of shape `(..., dim)`.
        epsilon: Float. Smallest norm that is divided by. Defaults to `1e-12`.

    Returns:
        Tensor of the shape of `x`. A zero row stays zero and gets the
        gradient zero.
    """
    squares = ops.sum(x * x, axis=-1, keepdims=True)
    # The square root has an infinite slope at zero: keep zero rows away.
    positive = squares > 0
    norms = ops.sqrt(ops.where(positive, squares, ops.ones_like(squares)))
    scales = 1.0 / ops.maximum(norms, epsilon)
    return x * ops.where(positive, scales, ops.zeros_like(scales))

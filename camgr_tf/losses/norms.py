from keras import ops


def frobenius(*matrices):
    """Plain Frobenius norms, summed, per row of the last matrix (MMRec).

    ```
    (||X_1||_F + ... + ||X_m||_F) / rows(X_m)
    ```

    The norms are not squared: the gradient does not fade as a matrix shrinks.

    Args:
        *matrices: Float tensors of shape `(rows, dim)`.

    Returns:
        Scalar tensor. A matrix of zeros gets the gradient zero.

    Example:

    >>> float(frobenius(ops.array([[3.0, 0.0], [0.0, 4.0]])))  # 5 by 2 rows
    2.5
    """
    total = 0.0
    for matrix in matrices:
        squares = ops.sum(matrix * matrix)
        positive = squares > 0
        # The square root has an infinite slope at zero.
        root = ops.sqrt(ops.where(positive, squares, ops.ones_like(squares)))
        total = total + ops.where(positive, root, ops.zeros_like(root))
    return total / ops.cast(ops.shape(matrices[-1])[0], total.dtype)


def squared(tensors):
    """Sum of all squares, `||w||^2` of eq. 31 word for word.

    Args:
        tensors: List of float tensors of any shape, such as the weights of a
            model.

    Returns:
        Scalar tensor.

    Example:

    >>> float(squared([ops.array([1.0, 2.0]), ops.array([[3.0]])]))
    14.0

    Reference:
        Eq. 31.
    """
    return sum(ops.sum(ops.square(tensor)) for tensor in tensors)


def half_squared(*matrices, batch_size):
    """Half the squared norms per row of a full batch.

    ```
    (||X_1||_F^2 + ... + ||X_m||_F^2) / (2 batch_size)
    ```

    Args:
        *matrices: Float tensors of shape `(rows, dim)`.
        batch_size: Integer. The configured batch size, also for the short
            last batch of an epoch.

    Returns:
        Scalar tensor.

    Example:

    >>> float(half_squared(ops.array([[3.0, 4.0]]), batch_size=5))
    2.5

    Reference:
        `||w||^2` of eq. 31 on the rows of a batch, as MGCN and MICRO do.
    """
    total = sum(ops.sum(matrix * matrix) for matrix in matrices)
    return total / (2.0 * batch_size)

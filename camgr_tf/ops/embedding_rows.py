"""Embeddings outside the graph: dense arrays, or sparse where they are wide.

A model of neighborhoods has one column an item. Its embeddings are SciPy CSR
matrices; what ranks and serves reads both kinds through these functions.
"""

import numpy as np
import scipy.sparse
import tensorflow as tf


def float_rows(values):
    """Embeddings in float32.

    Args:
        values: Array, tensor or SciPy sparse matrix of shape `(rows, dim)`.

    Returns:
        float32 array, or CSR matrix where `values` is sparse.
    """
    if scipy.sparse.issparse(values):
        return scipy.sparse.csr_matrix(values, dtype="float32")
    return np.asarray(values, "float32")


def all_finite(values):
    """Whether no entry of a dense or sparse matrix is infinite or NaN.

    Args:
        values: What `float_rows` returns, or a tensor, which is looked
            through where it is.

    Returns:
        Boolean.
    """
    if tf.is_tensor(values):
        return bool(tf.reduce_all(tf.math.is_finite(values)))
    stored = values.data if scipy.sparse.issparse(values) else values
    return bool(np.isfinite(stored).all())


def transposed(rows):
    """The transpose, stored by rows for the products that follow.

    Args:
        rows: What `float_rows` returns.

    Returns:
        Array or CSR matrix of shape `(dim, rows)`.
    """
    if scipy.sparse.issparse(rows):
        return rows.T.tocsr()
    return np.ascontiguousarray(rows.T)


def joined(first, second):
    """Rows of one matrix, then those of a dense one, in the first's form.

    Args:
        first: Array of shape `(rows, dim)`, or CSR matrix.
        second: Array of shape `(more_rows, dim)`.

    Returns:
        Array or CSR matrix of shape `(rows + more_rows, dim)`.
    """
    if scipy.sparse.issparse(first):
        more = scipy.sparse.csr_matrix(second, dtype="float32")
        return scipy.sparse.vstack([first, more], format="csr")
    return np.concatenate([first, second])


def dense_product(users, items):
    """Scores of a block of users, as a dense array that may be written to.

    Args:
        users: Array of shape `(block, dim)`, or CSR matrix.
        items: Array of shape `(dim, num_items)`, or CSR matrix.

    Returns:
        float32 array of shape `(block, num_items)`.
    """
    product = users @ items
    return product.toarray() if scipy.sparse.issparse(product) else product

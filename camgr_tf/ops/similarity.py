"""Products of all rows with all rows, one block of rows at a time."""

import numpy as np
import tensorflow as tf

# Entries of the product that exist at one time (float32): 8 million are
# 32 MB, small beside the models and large enough for a full-speed product.
BLOCK_ENTRIES = 8_000_000


def nearest_rows(rows, num_neighbors, block_size=None):
    """Places of each row's largest products with all rows, itself included.

    What `camgr_tf.graphs.nearest_neighbors` does for constant features, for
    tensors that change while training: it runs inside a `tf.function`. Equal
    products go to the smaller index. The choice has no gradient.

    Args:
        rows: Float tensor of shape `(num_rows, dim)`; of unit length if
            cosines are to be compared.
        num_neighbors: Integer. Places kept for each row.
        block_size: Integer. Rows computed at one time. Defaults to `None`:
            what fits in 32 MB.

    Returns:
        int32 tensor of shape `(num_rows, num_neighbors)`, largest first.
    """
    rows = tf.stop_gradient(tf.convert_to_tensor(rows))
    num_rows = rows.shape[0]

    def top_places(row_ids):
        products = tf.matmul(tf.gather(rows, row_ids), rows, transpose_b=True)
        return tf.math.top_k(products, num_neighbors).indices

    places = tf.map_fn(
        top_places,
        _row_blocks(num_rows, num_rows, block_size),
        fn_output_signature=tf.int32,
        parallel_iterations=1,
    )
    return tf.reshape(places, (-1, num_neighbors))[:num_rows]


def mean_logsumexp(queries, keys, block_size=None):
    """Mean over queries of the log-sum-exp of products with other rows' keys.

    ```
    (1 / n) sum_a log sum_{b != a} exp(q_a . k_b)
    ```

    The denominator of a contrast of all rows with all rows. Memory is
    `O(block_size * num_keys)`, forward and backward: the gradient of the mean
    is summed up while a block's exponentials exist, so that neither the
    products are kept nor computed a second time.

    Args:
        queries: Float tensor of shape `(num_queries, dim)`.
        keys: Float tensor of shape `(num_keys, dim)`, at least as many rows
            as `queries`; row `a` is left out for query `a`.
        block_size: Integer. Queries computed at one time; the result does
            not depend on it. Defaults to `None`: what fits in 32 MB.

    Returns:
        Scalar tensor with first-order gradients.
    """
    queries, keys = tf.convert_to_tensor(queries), tf.convert_to_tensor(keys)
    num_queries = queries.shape[0]
    blocks = _row_blocks(num_queries, keys.shape[0], block_size)
    # A padded row repeats the last query and weighs nothing.
    real = np.arange(blocks.size).reshape(blocks.shape) < num_queries
    weights = tf.constant(real / num_queries, queries.dtype)
    blocks = tf.constant(blocks)

    @tf.custom_gradient
    def mean(queries, keys):
        def add_block(block, total, queries_gradient, keys_gradient):
            row_ids = blocks[block]
            own = tf.gather(queries, row_ids)
            logits = tf.tensor_scatter_nd_update(
                tf.matmul(own, keys, transpose_b=True),
                tf.stack([tf.range(blocks.shape[1]), row_ids], axis=1),
                tf.fill([blocks.shape[1]], tf.constant(-np.inf, queries.dtype)),
            )  # (block_size, num_keys)
            maxima = tf.reduce_max(logits, axis=1, keepdims=True)
            exponentials = tf.exp(logits - maxima)
            sums = tf.reduce_sum(exponentials, axis=1, keepdims=True)
            row_weights = weights[block][:, None]
            scales = row_weights / sums
            return (
                block + 1,
                total
                + tf.reduce_sum(row_weights * (tf.math.log(sums) + maxima)),
                queries_gradient.write(
                    block, scales * tf.matmul(exponentials, keys)
                ),
                keys_gradient
                + tf.matmul(exponentials, scales * own, transpose_a=True),
            )

        _, total, queries_gradient, keys_gradient = tf.while_loop(
            lambda block, *_: block < blocks.shape[0],
            add_block,
            (
                tf.constant(0),
                tf.constant(0.0, queries.dtype),
                tf.TensorArray(queries.dtype, size=blocks.shape[0]),
                tf.zeros_like(keys),
            ),
            parallel_iterations=1,
        )
        queries_gradient = queries_gradient.concat()[:num_queries]

        def backward(upstream):
            return upstream * queries_gradient, upstream * keys_gradient

        return total, backward

    return mean(queries, keys)


def _row_blocks(num_rows, num_columns, block_size):
    """Row ids in equal blocks; the last block repeats the last row."""
    if block_size is None:
        block_size = max(1, BLOCK_ENTRIES // num_columns)
    num_blocks = -(-num_rows // min(block_size, num_rows))
    block_size = -(-num_rows // num_blocks)
    row_ids = np.arange(num_blocks * block_size, dtype="int32")
    return np.minimum(row_ids, num_rows - 1).reshape(num_blocks, block_size)

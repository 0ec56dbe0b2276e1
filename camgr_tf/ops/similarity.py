"""Products of all rows with all rows, one block of rows at a time."""

import numpy as np
import tensorflow as tf

from camgr_tf.ops.blocks import block_starts
from camgr_tf.ops.blocks import equal_block_size
from camgr_tf.ops.blocks import join_blocks

# Entries of the product that exist at one time (float32): 4 million are
# 16 MB, large enough for a full-speed product and small enough that the next
# step finds most of them in the processor's cache.
BLOCK_ENTRIES = 4_000_000

# Sums of millions of exponentials up to this size stay far from the ends of
# float32 (1e-38 to 3e38), so that no maximum has to be subtracted.
LARGEST_EXPONENT = 60.0


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
            what fits in 16 MB.

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
        _row_blocks(num_rows, _block_size(num_rows, num_rows, block_size)),
        fn_output_signature=tf.int32,
        parallel_iterations=1,
    )
    return tf.reshape(places, (-1, num_neighbors))[:num_rows]


def mean_logsumexp(queries, keys, block_size=None, bound=None):
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
            not depend on it. Defaults to `None`: what fits in 16 MB.
        bound: Float. A size that no product exceeds, such as the inverse
            temperature of cosines. Up to 60 it saves the subtraction of each
            row's largest product. Defaults to `None`: unknown.

    Returns:
        Scalar tensor with first-order gradients.
    """
    queries, keys = tf.convert_to_tensor(queries), tf.convert_to_tensor(keys)
    num_queries, dim = queries.shape
    size = _block_size(num_queries, keys.shape[0], block_size)
    starts = block_starts(num_queries, size)
    num_blocks = len(starts)
    # A row that the last block repeats weighs nothing there.
    first_new = size * np.arange(num_blocks)
    is_new = starts[:, None] + np.arange(size) >= first_new[:, None]
    weights = tf.constant(is_new / num_queries, queries.dtype)
    starts = tf.constant(starts)
    own_product = tf.fill([size], tf.constant(-np.inf, queries.dtype))

    @tf.custom_gradient
    def mean(queries, keys):
        # The layout in which products of few rows run at full speed.
        columns = tf.transpose(keys)

        def add_block(block, total, queries_gradient, columns_gradient):
            start = starts[block]
            own = tf.slice(queries, [start, 0], [size, dim])
            logits = tf.linalg.set_diag(
                tf.matmul(own, columns), own_product, k=start
            )  # (size, num_keys)
            maxima = 0.0
            if bound is None or bound > LARGEST_EXPONENT:
                maxima = tf.reduce_max(logits, axis=1, keepdims=True)
                logits = logits - maxima
            exponentials = tf.exp(logits)
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
                columns_gradient
                + tf.matmul(scales * own, exponentials, transpose_a=True),
            )

        _, total, queries_gradient, columns_gradient = tf.while_loop(
            lambda block, *_: block < num_blocks,
            add_block,
            (
                tf.constant(0),
                tf.constant(0.0, queries.dtype),
                tf.TensorArray(queries.dtype, size=num_blocks),
                tf.zeros_like(columns),
            ),
            parallel_iterations=1,
        )
        queries_gradient = join_blocks(
            queries_gradient.concat(), num_queries, size
        )
        keys_gradient = tf.transpose(columns_gradient)

        def backward(upstream):
            return upstream * queries_gradient, upstream * keys_gradient

        return total, backward

    return mean(queries, keys)


def _block_size(num_rows, num_columns, block_size):
    if block_size is None:
        block_size = max(1, BLOCK_ENTRIES // num_columns)
    return equal_block_size(num_rows, block_size)


def _row_blocks(num_rows, block_size):
    """Row ids in equal blocks; the last block repeats the last row."""
    num_blocks = -(-num_rows // block_size)
    row_ids = np.arange(num_blocks * block_size, dtype="int32")
    return np.minimum(row_ids, num_rows - 1).reshape(num_blocks, block_size)

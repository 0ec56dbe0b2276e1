import tensorflow as tf

from camgr_tf.ops.similarity import LARGEST_EXPONENT

# Columns by which the two halves of a product differ. Rows of 2048 floats
# all begin in one set of a processor's cache, and a product that reads down
# the columns takes twice as long; rows of 1040 and 1008 do not.
UNEVENNESS = 32


def in_batch_cross_entropy(queries, keys, bound=None):
    """Cross entropy of each query's own key among the keys of all rows.

    ```
    (1 / n) sum_a [ log sum_b exp(q_a . k_b) - q_a . k_a ]
    ```

    The gradient is computed along with the value, from the same
    exponentials; they are the only matrices of rows by rows.

    Args:
        queries: Float tensor of shape `(num_rows, dim)`.
        keys: Float tensor of shape `(num_rows, dim)`.
        bound: Float. A size that no product exceeds, such as the inverse
            temperature of cosines. Up to 60 it saves the subtraction of each
            row's largest product. Defaults to `None`: unknown.

    Returns:
        Scalar tensor with first-order gradients; zero for a single row.
    """

    @tf.custom_gradient
    def mean(queries, keys):
        size = tf.shape(keys)[0]
        width = (size + UNEVENNESS + 1) // 2
        halves = [keys[:width], keys[width:]]
        logits = [tf.matmul(queries, half, transpose_b=True) for half in halves]
        maxima = 0.0
        if bound is None or bound > LARGEST_EXPONENT:
            maxima = tf.maximum(*(_row(tf.reduce_max, x) for x in logits))
            logits = [x - maxima for x in logits]
        exponentials = [tf.exp(x) for x in logits]
        sums = tf.add(*(_row(tf.reduce_sum, x) for x in exponentials))
        expected_keys = tf.add(*map(tf.matmul, exponentials, halves)) / sums
        scaled = queries / sums
        expected_queries = tf.transpose(
            tf.concat(
                [tf.matmul(scaled, x, transpose_a=True) for x in exponentials],
                axis=1,
            )
        )
        num_rows = tf.cast(size, queries.dtype)
        total = tf.reduce_sum(tf.math.log(sums) + maxima)

        def backward(upstream):
            scale = upstream / num_rows
            return (
                scale * (expected_keys - keys),
                scale * (expected_queries - queries),
            )

        return (total - tf.reduce_sum(queries * keys)) / num_rows, backward

    queries, keys = tf.convert_to_tensor(queries), tf.convert_to_tensor(keys)
    dtype = queries.dtype
    result = mean(tf.cast(queries, "float32"), tf.cast(keys, "float32"))
    return tf.cast(result, dtype)


def _row(reduce, matrix):
    return reduce(matrix, axis=1, keepdims=True)

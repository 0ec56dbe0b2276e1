import tensorflow as tf


def segment_sum(values, segment_ids, num_segments):
    """Sums rows that share a segment.

    Args:
        values: Tensor of shape `(num_rows, ...)`.
        segment_ids: int32 tensor of shape `(num_rows,)`, in any order.
        num_segments: Integer. Number of rows of the result.

    Returns:
        Tensor of shape `(num_segments, ...)`; an empty segment gives zeros.
    """
    return tf.math.unsorted_segment_sum(values, segment_ids, num_segments)


def segment_softmax(logits, segment_ids, num_segments):
    """Softmax over the rows of each segment.

    ```
    softmax(x)_e = exp(x_e - m_s) / sum_{f in s} exp(x_f - m_s)
    ```

    where `s` is the segment of row `e` and `m_s` the largest logit in it. The
    subtraction changes no value and keeps the exponential from overflowing.

    Args:
        logits: Float tensor of shape `(num_rows, ...)`.
        segment_ids: int32 tensor of shape `(num_rows,)`, in any order.
        num_segments: Integer. Number of segments.

    Returns:
        Tensor of the shape of `logits` that sums to one over the rows of
        each segment that has any.

    Example:

    >>> segment_softmax([0.0, 0.0, 5.0], [0, 0, 1], num_segments=2)
    [0.5, 0.5, 1.0]
    """
    logits = tf.convert_to_tensor(logits)
    maxima = tf.math.unsorted_segment_max(
        tf.stop_gradient(logits), segment_ids, num_segments
    )
    exponentials = tf.exp(logits - tf.gather(maxima, segment_ids))
    totals = segment_sum(exponentials, segment_ids, num_segments)
    return exponentials / tf.gather(totals, segment_ids)

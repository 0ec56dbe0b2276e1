import tensorflow as tf


def for_each_batch(step, rows, batch_size):
    """Calls a step with one batch of rows after the other, in one loop.

    The rows are on the device once; a batch is cut from them there. Nothing
    returns to Python between two steps.

    Args:
        step: Function of a dictionary like `rows`, whose tensors have up to
            `batch_size` rows. What it returns is not used: it changes
            variables.
        rows: Dictionary of int32 tensors of shape `(num_rows,)`.
        batch_size: Integer. The last batch has what is left.

    Example:

    ```python
    import tensorflow as tf
    from camgr_tf.ops import for_each_batch

    sums = tf.Variable([0, 1])

    @tf.function
    def run(ids):
        step = lambda batch: sums.assign(
            [sums[0] + sums[1] * tf.reduce_sum(batch["ids"]), -sums[1]]
        )
        for_each_batch(step, {"ids": ids}, batch_size=2)

    run(tf.constant([1, 2, 3, 4, 5]))
    assert sums.numpy().tolist() == [1 + 2 - 3 - 4 + 5, -1]
    ```
    """
    num_rows = tf.shape(next(iter(rows.values())))[0]
    # TensorFlow keeps int32 in the processor's memory, and int64 on a GPU.
    rows = {name: tf.cast(values, "int64") for name, values in rows.items()}

    def body(start):
        end = tf.minimum(start + batch_size, num_rows)
        step(
            {
                name: tf.cast(values[start:end], "int32")
                for name, values in rows.items()
            }
        )
        return (end,)

    # One step at a time: the next one reads what this one writes.
    tf.while_loop(
        lambda start: start < num_rows,
        body,
        (tf.constant(0),),
        parallel_iterations=1,
    )

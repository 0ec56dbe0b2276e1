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
    num_in_whole = num_rows // batch_size * batch_size
    # TensorFlow keeps int32 in the processor's memory, and int64 on a GPU.
    rows = {name: tf.cast(values, "int64") for name, values in rows.items()}

    def run(start, size):
        step(
            {
                name: tf.cast(tf.slice(values, [start], [size]), "int32")
                for name, values in rows.items()
            }
        )

    def run_whole(start):
        # A size that is known while the graph is made saves a third of its
        # operations, which would ask for shapes.
        run(start, batch_size)
        return (start + batch_size,)

    def run_rest():
        run(num_in_whole, num_rows - num_in_whole)
        return num_rows

    # One step at a time: the next one reads what this one writes.
    tf.while_loop(
        lambda start: start < num_in_whole,
        run_whole,
        (tf.constant(0),),
        parallel_iterations=1,
    )
    tf.cond(num_in_whole < num_rows, run_rest, lambda: num_rows)

"""The rows of a batch, divided among the workers that train together.

A loss that compares the rows of a batch with each other needs all of them;
what is costly is to compute a row's vector. So each worker computes the
vectors of its own rows and all of them the loss of the whole batch. With
one worker both functions return what they are given.
"""

import tensorflow as tf


def own_rows(rows):
    """This worker's part of a batch.

    Args:
        rows: Tensor of shape `(batch, ...)`.

    Returns:
        Tensor of shape `(own, ...)`: rows `worker * batch // workers` up to
        those of the next worker.
    """
    context = _context()
    if context is None:
        return rows
    start, stop = _bounds(context, tf.shape(rows)[0])
    return rows[start:stop]


def all_rows(batch, *states, groups=1):
    """The vectors of a whole batch, of those that each worker computed.

    Each worker has the same loss of the result. The gradient that reaches a
    worker's own rows is that of this one loss, so that the gradients of the
    weights, summed over the workers, are those of the whole batch.

    Args:
        batch: Tensor of shape `(batch, ...)`, of the batch's length.
        *states: Float tensors of shape `(groups * own, dim)`: vectors of
            `own_rows` of one array of the batch's length, then of the next.
        groups: Integer. The number of such arrays. Defaults to `1`.

    Returns:
        List of tensors of shape `(groups * batch, dim)`.
    """
    context = _context()
    if context is None:
        return list(states)
    size = tf.shape(batch)[0]
    start, stop = _bounds(context, size)

    @tf.custom_gradient
    def gathered(own):
        # Zeros in the places of the others: the sum is exact.
        padded = tf.pad(own, [[0, 0], [start, size - stop], [0, 0]])
        whole = context.all_reduce(tf.distribute.ReduceOp.SUM, padded)
        return whole, lambda gradient: gradient[:, start:stop]

    dims = [state.shape[1] for state in states]
    joined = tf.concat(states, axis=1)
    own = tf.reshape(joined, [groups, stop - start, sum(dims)])
    whole = tf.reshape(gathered(own), [groups * size, sum(dims)])
    return tf.split(whole, dims, axis=1)


def share_bounds(worker, num_workers, num_rows):
    """First row of a worker's share, and the first one behind it.

    Args:
        worker: Integer, from 0.
        num_workers: Integer.
        num_rows: Integer, or scalar tensor.

    Returns:
        Tuple of two such numbers.
    """
    return (
        worker * num_rows // num_workers,
        (worker + 1) * num_rows // num_workers,
    )


def _context():
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return context


def _bounds(context, num_rows):
    return share_bounds(
        context.replica_id_in_sync_group,
        context.num_replicas_in_sync,
        num_rows,
    )

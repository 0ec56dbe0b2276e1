import numpy as np


def sample_edges(indptr, nodes, fanout, rng):
    """Some edges of each node, uniform and without repetition.

    A node of at most `fanout` edges keeps all of them. Floyd's algorithm, for
    all other nodes at once: `fanout` draws a node, whatever its degree.

    Args:
        indptr: Integer array of shape `(num_nodes + 1,)`. The edges of node
            `n` stand at the places `indptr[n]` to `indptr[n + 1]`, as in a
            CSR matrix.
        nodes: Integer array of shape `(num_asked,)`.
        fanout: Integer. Edges of a node.
        rng: `numpy.random.Generator`.

    Returns:
        Tuple of two integer arrays of shape `(num_edges,)`: the edges'
        places, and the index in `nodes` of the node that each belongs to.

    Reference:
        Floyd, in Bentley, "A sample of brilliance", CACM 1987.
    """
    starts = indptr[nodes].astype("int64")
    degrees = indptr[np.add(nodes, 1)] - starts
    counts = np.minimum(degrees, fanout)
    owners = np.repeat(np.arange(len(nodes)), counts)
    firsts = np.cumsum(counts) - counts
    offsets = np.arange(len(owners)) - firsts[owners]
    many = np.flatnonzero(degrees > fanout)
    drawn = np.empty((len(many), fanout if len(many) else 0), "int64")
    for column in range(drawn.shape[1]):
        last = degrees[many] - fanout + column
        draw = (rng.random(len(many)) * (last + 1)).astype("int64")
        taken = (drawn[:, :column] == draw[:, None]).any(axis=1)
        drawn[:, column] = np.where(taken, last, draw)
    offsets[firsts[many, None] + np.arange(drawn.shape[1])] = drawn
    return starts[owners] + offsets, owners

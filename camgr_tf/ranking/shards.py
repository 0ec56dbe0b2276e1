"""Rows cut into shards."""

import numpy as np


def shard_bounds(num_rows, num_shards, multiple=1):
    """The first row of each shard, and the row after its last.

    Args:
        num_rows: Integer, positive.
        num_shards: Integer, positive. There are no more than rows.
        multiple: Integer. What the first rows are multiples of, where there
            are as many multiples as shards. Defaults to `1`.

    Returns:
        List of `min(num_shards, num_rows)` tuples of two integers.
    """
    num_blocks = -(-num_rows // multiple)
    if num_blocks < num_shards:
        multiple, num_blocks = 1, num_rows
    num_shards = min(num_shards, num_rows)
    edges = np.arange(num_shards + 1) * num_blocks // num_shards * multiple
    edges[-1] = num_rows
    return list(zip(edges[:-1].tolist(), edges[1:].tolist()))

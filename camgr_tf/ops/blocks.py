"""Rows cut into blocks of one size, the last of which overlaps."""

import numpy as np
import tensorflow as tf


def equal_block_size(num_rows, block_size):
    """Rows of each block, so that all blocks are about equal.

    Args:
        num_rows: Integer. Rows in all, at least one.
        block_size: Integer. The largest size.

    Returns:
        Integer.
    """
    num_blocks = -(-num_rows // min(block_size, num_rows))
    return -(-num_rows // num_blocks)


def block_starts(num_rows, block_size):
    """First row of each block.

    The last block ends with the last row, so that it begins before the end
    of the block before where the size does not divide the rows.

    Args:
        num_rows: Integer. Rows in all.
        block_size: Integer. Rows of a block, at most `num_rows`.

    Returns:
        int32 array of shape `(num_blocks,)`.
    """
    starts = np.arange(0, num_rows, block_size)
    return np.minimum(starts, num_rows - block_size).astype("int32")


def join_blocks(blocks, num_rows, block_size):
    """The rows of all blocks, each once.

    Args:
        blocks: Tensor of shape `(num_blocks * block_size, ...)`, the blocks
            one behind the other.
        num_rows: Integer. Rows in all.
        block_size: Integer. Rows of a block.

    Returns:
        Tensor of shape `(num_rows, ...)`.
    """
    whole = (num_rows - 1) // block_size * block_size
    # Of the last block, the rows that none before has.
    last = blocks[whole + block_size - (num_rows - whole) :]
    return tf.concat([blocks[:whole], last], axis=0)

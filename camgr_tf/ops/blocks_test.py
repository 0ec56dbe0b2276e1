import numpy as np
import pytest

from camgr_tf.ops.blocks import block_starts
from camgr_tf.ops.blocks import equal_block_size
from camgr_tf.ops.blocks import join_blocks


@pytest.mark.parametrize(
    "num_rows, largest, size",
    [(10, 4, 4), (10, 5, 5), (10, 6, 5), (10, 9, 5), (10, 99, 10), (9, 4, 3)],
)
def test_equal_sizes(num_rows, largest, size):
    assert equal_block_size(num_rows, largest) == size


def test_starts_by_hand():
    assert block_starts(10, 4).tolist() == [0, 4, 6]
    assert block_starts(9, 3).tolist() == [0, 3, 6]
    assert block_starts(5, 5).tolist() == [0]


@pytest.mark.parametrize("num_rows", [1, 7, 8, 9])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_joined_blocks_are_the_rows(num_rows, size):
    size = min(size, num_rows)
    rows = np.arange(num_rows)
    starts = block_starts(num_rows, size)
    blocks = np.concatenate([rows[start : start + size] for start in starts])
    np.testing.assert_array_equal(join_blocks(blocks, num_rows, size), rows)

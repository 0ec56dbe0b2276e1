import numpy as np
import pytest

from camgr_tf.distinct import distinct


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(
    "numbers, expected",
    [([], []), ([4], [4]), ([3, -1, 3, 3, 0, -1], [-1, 0, 3]), ([2, 2], [2])],
)
def test_each_once_in_order(numbers, expected, dtype):
    given = np.array(numbers, dtype)
    found = distinct(given)
    assert found.tolist() == expected and found.dtype == dtype
    assert given.tolist() == numbers

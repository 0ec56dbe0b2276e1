import math

import pytest

from camgr_tf.benchmarks.growth import growth_exponent


def test_a_power_is_found():
    sizes = [1, 2, 4, 8]
    assert growth_exponent(sizes, [3, 12, 48, 192]) == pytest.approx(2)
    assert growth_exponent(sizes, [5, 5, 5, 5]) == pytest.approx(0)


def test_least_squares():
    # log2: sizes 0, 1, 2 and values 0, 1, 1: the slope is 1 / 2.
    assert growth_exponent([1, 2, 4], [1, 2, 2]) == pytest.approx(0.5)


def test_one_size_has_no_growth():
    assert math.isnan(growth_exponent([3], [1]))
    assert math.isnan(growth_exponent([3, 3], [1, 2]))


def test_refuses_zeros():
    message = r"must be positive. Received: sizes=\[1.0, 2.0\], values=\[0.0"
    with pytest.raises(ValueError, match=message):
        growth_exponent([1, 2], [0, 1])

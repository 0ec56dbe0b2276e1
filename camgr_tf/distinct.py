import numpy as np


def distinct(numbers):
    """Each number once, in order: `numpy.unique` of integers, by sorting.

    NumPy 2.3 looks integers up in a hash table instead, ten times as slow for
    some millions.

    Args:
        numbers: Array of shape `(size,)`.

    Returns:
        Array of the same type.
    """
    numbers = np.sort(numbers)
    kept = np.ones(len(numbers), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=kept[1:])
    return numbers[kept]

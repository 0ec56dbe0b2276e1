"""What the device that computes can do at most, measured."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.timing import wait
from camgr_tf.device import has_gpu

COPIED_NUMBERS = 32_000_000
MATRIX_SIZE = 1536


def memory_bandwidth(num_threads, repeats=5):
    """Bytes read and written a second, by the fastest copy of 128 MB.

    On a GPU, of the GPU's own memory: each number is doubled on its way.

    Args:
        num_threads: Integer. Threads that copy a part each, on a processor.
        repeats: Integer. Defaults to `5`.

    Returns:
        Float, bytes a second.
    """
    if has_gpu():
        numbers = tf.ones(COPIED_NUMBERS)
        double = tf.function(lambda x: 2.0 * x)
        seconds = _fastest(lambda: wait(double(numbers)), repeats)
        return 2 * COPIED_NUMBERS * numbers.dtype.size / seconds
    source = np.ones(COPIED_NUMBERS, "float32")
    target = np.zeros_like(source)
    parts = list(
        zip(
            np.array_split(target, num_threads),
            np.array_split(source, num_threads),
        )
    )
    with ThreadPoolExecutor(num_threads) as pool:

        def copy():
            list(pool.map(lambda part: np.copyto(*part), parts))

        return 2 * source.nbytes / _fastest(copy, repeats)


def matrix_rate(repeats=5):
    """Operations a second of the fastest float32 product of square matrices.

    Args:
        repeats: Integer. Defaults to `5`.

    Returns:
        Float, operations a second: two for each product of numbers.
    """
    matrix = tf.ones((MATRIX_SIZE, MATRIX_SIZE))
    seconds = _fastest(lambda: wait(tf.matmul(matrix, matrix)), repeats)
    return 2 * MATRIX_SIZE**3 / seconds


def _fastest(call, repeats):
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)

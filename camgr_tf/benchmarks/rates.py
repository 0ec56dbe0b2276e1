"""What the device that computes can do at most, measured."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.timing import wait
from camgr_tf.device import has_gpu

COPIED_NUMBERS = 32_000_000
MATRIX_SIZE = 1536
# On a GPU, whose work would else be shorter than the way to it and back.
COPIES_OF_GPU = 100
MATRIX_SIZE_OF_GPU = 8192


def memory_bandwidth(num_threads, repeats=5):
    """Bytes read and written a second, by the fastest copy of 128 MB.

    On a GPU, of the GPU's own memory: each number is halved on its way, and
    the copy is made a hundred times between two looks at the clock.

    Args:
        num_threads: Integer. Threads that copy a part each, on a processor.
        repeats: Integer. Defaults to `5`.

    Returns:
        Float, bytes a second.
    """
    if has_gpu():
        numbers = tf.ones(COPIED_NUMBERS)
        seconds = _fastest(lambda: wait(copy_repeatedly(numbers)), repeats)
        num_bytes = 2 * COPIED_NUMBERS * numbers.dtype.size
        return COPIES_OF_GPU * num_bytes / seconds
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
    size = MATRIX_SIZE_OF_GPU if has_gpu() else MATRIX_SIZE
    # Numbers of all kinds: a product of equal ones may be faster.
    matrix = tf.random.stateless_normal((size, size), seed=(0, 0))
    seconds = _fastest(lambda: wait(tf.matmul(matrix, matrix)), repeats)
    return 2 * size**3 / seconds


@tf.function
def copy_repeatedly(numbers):
    """Copies one after the other, each of which reads what was written."""
    (result,) = tf.while_loop(
        lambda x: True,
        lambda x: (0.5 * x,),
        (numbers,),
        parallel_iterations=1,
        maximum_iterations=COPIES_OF_GPU,
    )
    return result


def _fastest(call, repeats):
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)

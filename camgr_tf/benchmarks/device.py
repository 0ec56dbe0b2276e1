"""What the device that computes can do: the floor of all other figures."""

import tensorflow as tf

from camgr_tf.benchmarks.rates import matrix_rate
from camgr_tf.benchmarks.rates import memory_bandwidth
from camgr_tf.benchmarks.timing import median_seconds
from camgr_tf.benchmarks.timing import wait
from camgr_tf.device import describe_device
from camgr_tf.device import has_gpu

# Operations one behind the other, each on so little that it costs its start.
CHAIN = 200


def measure_device(repeats=5, threads=1):
    """Bandwidth, rates of products and the cost of a smallest operation.

    A GPU is waited for before each reading of the clock.

    Args:
        repeats: Integer. Timed calls after a warm-up. Defaults to `5`.
        threads: Integer. Threads that copy, on a processor. Defaults to `1`.

    Returns:
        Dictionary of plain values, one row of the table; the rate of TF32
        products is `None` on a processor.
    """
    return {
        "device": describe_device()["name"],
        "bytes_per_second": memory_bandwidth(threads, repeats),
        "operations_per_second": _matrix_rate(repeats, tf32=False),
        "tf32_operations_per_second": (
            _matrix_rate(repeats, tf32=True) if has_gpu() else None
        ),
        "start_seconds": _start_seconds(repeats),
    }


def _matrix_rate(repeats, tf32):
    """The rate with or without TF32, whatever the process computes with."""
    switch = tf.config.experimental
    before = switch.tensor_float_32_execution_enabled()
    switch.enable_tensor_float_32_execution(tf32)
    try:
        return matrix_rate(repeats)
    finally:
        switch.enable_tensor_float_32_execution(before)


def _start_seconds(repeats):
    """Seconds of one operation among many small ones of a graph."""

    @tf.function
    def chain(x):
        for _ in range(CHAIN):
            x = tf.sin(x)
        return x

    numbers = tf.ones(64)
    wait(chain(numbers))
    (seconds,) = median_seconds([lambda: wait(chain(numbers))], repeats)
    return seconds / CHAIN

"""Times calls that return tensors."""

import time

import numpy as np
import tensorflow as tf

from camgr_tf.device import has_gpu


def wait(results):
    """Returns when all tensors of a structure have been computed."""
    if has_gpu():
        # Without copies to the processor, which would be timed too.
        tf.test.experimental.sync_devices()
        return
    for tensor in tf.nest.flatten(results, expand_composites=True):
        tensor.numpy()


def median_seconds(calls, repeats):
    """Median seconds of each of some calls, made in turn.

    Args:
        calls: List of functions without arguments.
        repeats: Integer. How often each is called.

    Returns:
        List of floats.
    """
    seconds = [[] for _ in calls]
    for _ in range(repeats):
        for call, times in zip(calls, seconds):
            started = time.perf_counter()
            call()
            times.append(time.perf_counter() - started)
    return [float(np.median(times)) for times in seconds]

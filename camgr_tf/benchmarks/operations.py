"""How long the most expensive operations of a training step take."""

import time

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.floor import product_work
from camgr_tf.benchmarks.rates import matrix_rate
from camgr_tf.benchmarks.rates import memory_bandwidth
from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.losses import info_nce
from camgr_tf.ops import sparse_matmul

OPERATIONS = ("graph", "graph of all modalities", "contrast", "features")


def measure_operation(
    dataset,
    operation,
    batch_size=2048,
    embedding_dim=64,
    repeats=5,
    threads=1,
    seed=0,
):
    """Times one operation with its gradients, as a training step needs them.

    `"graph"` is a product with the graph of users and items, `"graph of all
    modalities"` the same with their columns side by side, `"contrast"` the
    InfoNCE of a batch and `"features"` the projection of the widest modality.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        operation: String, one of `OPERATIONS`.
        batch_size: Integer. Rows of `"contrast"`. Defaults to `2048`.
        embedding_dim: Integer. Width of all states. Defaults to `64`.
        repeats: Integer. Timed calls after a warm-up. Defaults to `5`.
        threads: Integer. Threads that the floor's bandwidth is measured
            with. Defaults to `1`.
        seed: Integer. Of the random inputs. Defaults to `0`.

    Returns:
        Dictionary of plain values, one row of the table.

    Raises:
        ValueError: For an unknown operation.
    """
    rng = np.random.default_rng(seed)

    def states(*shape):
        return tf.constant(rng.standard_normal(shape), "float32")

    interactions = dataset.interactions
    num_nodes = interactions.num_users + interactions.num_items
    if operation in OPERATIONS[:2]:
        adjacency = bipartite_adjacency(interactions)
        width = embedding_dim
        if operation == OPERATIONS[1]:
            width *= len(dataset.features)
        inputs = [states(num_nodes, width)]

        def compute(x):
            return sparse_matmul(adjacency, x)

    elif operation == "contrast":
        inputs = [states(batch_size, embedding_dim) for _ in range(2)]
        compute = info_nce
    elif operation == "features":
        features = max(dataset.features.values(), key=lambda f: f.shape[1])
        features = tf.constant(features)
        inputs = [states(features.shape[1], embedding_dim)]

        def compute(x):
            return features @ x

    else:
        raise ValueError(
            f"`operation` must be one of {OPERATIONS}. "
            f"Received: operation={operation!r}"
        )

    @tf.function
    def gradients(*inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = compute(*inputs)
        return result, tape.gradient(
            result, inputs, output_gradients=tf.ones_like(result)
        )

    seconds = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        for tensor in tf.nest.flatten(gradients(*inputs)):
            tensor.numpy()
        seconds.append(time.perf_counter() - started)
    work = product_work(gradients.get_concrete_function(*inputs).graph)
    rate, bandwidth = matrix_rate(), memory_bandwidth(threads)
    floor = work.seconds(rate, bandwidth)
    median = float(np.median(seconds[1:]))
    return {
        "operation_seconds": median,
        "floor_operations": work.operations,
        "floor_bytes": work.num_bytes,
        "operations_per_second": rate,
        "bytes_per_second": bandwidth,
        "floor_seconds": floor,
        "times_floor": median / floor,
    }

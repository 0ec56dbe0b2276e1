"""How long the most expensive operations of a training step take."""

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.floor import floor_columns
from camgr_tf.benchmarks.floor import product_work
from camgr_tf.benchmarks.timing import median_seconds
from camgr_tf.benchmarks.timing import wait
from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.losses import info_nce
from camgr_tf.ops import sparse_matmul

TEMPERATURE = 0.2
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
    The first three are also timed as one would write them first: with
    `tf.sparse`, and with TensorFlow's cross entropy.

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

        def compute_simply(x):
            return tf.sparse.sparse_dense_matmul(adjacency.tensor, x)

    elif operation == "contrast":
        inputs = [states(batch_size, embedding_dim) for _ in range(2)]
        compute_simply = _simple_info_nce

        def compute(queries, keys):
            return info_nce(queries, keys, TEMPERATURE)

    elif operation == "features":
        features = max(dataset.features.values(), key=lambda f: f.shape[1])
        features = tf.constant(features)
        inputs = [states(features.shape[1], embedding_dim)]

        def compute(x):
            return features @ x

        compute_simply = None
    else:
        raise ValueError(
            f"`operation` must be one of {OPERATIONS}. "
            f"Received: operation={operation!r}"
        )

    functions = [_with_gradients(compute)]
    if compute_simply is not None:
        functions.append(_with_gradients(compute_simply))
    calls = [lambda f=f: wait(f(*inputs)) for f in functions]
    for call in calls:
        call()
    seconds, *simple = median_seconds(calls, repeats)
    work = product_work(functions[0].get_concrete_function(*inputs).graph)
    return {
        "operation_seconds": seconds,
        "simple_seconds": simple[0] if simple else None,
        **floor_columns(work, seconds, threads),
    }


def _with_gradients(compute):
    @tf.function
    def gradients(*inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = compute(*inputs)
        return result, tape.gradient(
            result, inputs, output_gradients=tf.ones_like(result)
        )

    return gradients


def _simple_info_nce(queries, keys):
    queries, keys = (tf.math.l2_normalize(x, axis=1) for x in (queries, keys))
    logits = tf.matmul(queries, keys, transpose_b=True) / TEMPERATURE
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.range(tf.shape(logits)[0]), logits=logits
        )
    )

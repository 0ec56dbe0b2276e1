"""How long a training step takes, and what its parts take."""

import time

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.floor import optimizer_work
from camgr_tf.benchmarks.floor import product_work
from camgr_tf.benchmarks.rates import matrix_rate
from camgr_tf.benchmarks.rates import memory_bandwidth
from camgr_tf.config import resolve_config
from camgr_tf.training.runs import build_model
from camgr_tf.training.runs import compile_model
from camgr_tf.training.sampling import TrainingBatches


def measure_training(
    dataset, model, batch_size=None, repeats=5, threads=1, profile=None
):
    """Times steps of one model.

    Three compiled functions are timed in turn on the same batch: the loss;
    the loss and its gradients; the whole step. `backward` and `optimizer`
    are the differences of their medians, so that they can come out a little
    below zero. What a loss prepares for its gradient while it is computed
    counts as backward, since the first function leaves it out.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        model: String. Key of `camgr_tf.registry.MODELS`.
        batch_size: Integer. Defaults to `None`: the model's own.
        repeats: Integer. Timed steps after a warm-up. Defaults to `5`.
        threads: Integer. Threads that the floor's bandwidth is measured
            with. Defaults to `1`.
        profile: Path of a folder for a TensorFlow profile of the steps.
            Defaults to `None`: none is made.

    Returns:
        Dictionary of plain values, one row of the table.
    """
    config = resolve_config(
        dataset="demo",
        model=model,
        batch_size=batch_size,
        modalities=tuple(dataset.features),
    )
    started = time.perf_counter()
    network = build_model(config, dataset)
    build_seconds = time.perf_counter() - started
    compile_model(network, config)
    batches = TrainingBatches(dataset.interactions, config.batch_size)
    batch = {name: tf.constant(ids) for name, ids in batches[0].items()}
    network.track_losses(network.loss_terms(**batch))
    epoch_start = _median_seconds(network.begin_epoch, repeats)
    network.begin_epoch()
    sampling = _median_seconds(lambda: _draw_epoch(batches), repeats)
    functions = _functions(network)
    for function in functions.values():
        _wait(function(batch))
    seconds = {name: [] for name in functions}
    if profile is not None:
        tf.profiler.experimental.start(str(profile))
    for _ in range(repeats):
        for name, function in functions.items():
            started = time.perf_counter()
            _wait(function(batch))
            seconds[name].append(time.perf_counter() - started)
    if profile is not None:
        tf.profiler.experimental.stop()
    forward, both, step = (float(np.median(s)) for s in seconds.values())
    # A short last batch counts as the share of a whole one.
    num_steps = len(batches.rows) / config.batch_size
    epoch = epoch_start + sampling + num_steps * step
    num_weights = sum(
        int(np.prod(v.shape)) for v in network.trainable_variables
    )
    graph = functions["gradients"].get_concrete_function(batch).graph
    work = product_work(graph) + optimizer_work(num_weights)
    operations, bandwidth = matrix_rate(), memory_bandwidth(threads)
    floor = work.seconds(operations, bandwidth)
    return {
        "batch_size": config.batch_size,
        "weights": num_weights,
        "build_seconds": build_seconds,
        "step_seconds": step,
        "forward_seconds": forward,
        "backward_seconds": both - forward,
        "optimizer_seconds": step - both,
        "epoch_seconds": epoch,
        "epoch_start_seconds": epoch_start,
        "sampling_seconds": sampling,
        "sampling_percent": 100 * sampling / epoch,
        "floor_operations": work.operations,
        "floor_bytes": work.num_bytes,
        "operations_per_second": operations,
        "bytes_per_second": bandwidth,
        "floor_seconds": floor,
        "times_floor": step / floor,
    }


def _functions(network):
    """The three nested parts of a step, compiled."""

    @tf.function
    def loss(batch):
        return sum(network.loss_terms(**batch).values())

    @tf.function
    def gradients(batch):
        with tf.GradientTape() as tape:
            value = sum(network.loss_terms(**batch).values())
        variables = [v.value for v in network.trainable_variables]
        return value, [
            g for g in tape.gradient(value, variables) if g is not None
        ]

    return {
        "loss": loss,
        "gradients": gradients,
        "step": tf.function(network.train_step),
    }


def _draw_epoch(batches):
    """All that an epoch asks of the sampler."""
    batches.on_epoch_end()
    for index in range(len(batches)):
        batches[index]


def _median_seconds(call, repeats):
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def _wait(results):
    for tensor in tf.nest.flatten(results, expand_composites=True):
        tensor.numpy()

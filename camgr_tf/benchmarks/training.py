"""How long a training step takes, and what its parts take."""

import time

import numpy as np
import tensorflow as tf

from camgr_tf.benchmarks.floor import floor_columns
from camgr_tf.benchmarks.floor import optimizer_work
from camgr_tf.benchmarks.floor import product_work
from camgr_tf.benchmarks.timing import median_seconds
from camgr_tf.benchmarks.timing import wait
from camgr_tf.config import resolve_config
from camgr_tf.training.runs import compile_model
from camgr_tf.training.runs import steps_per_call
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.saved_runs import build_model


def measure_training(
    dataset, model, batch_size=None, repeats=5, threads=1, profile=None
):
    """Times steps of one model.

    Three compiled functions are timed in turn on the same batch: the loss;
    the loss and its gradients; the whole step. `backward` and `optimizer`
    are the differences of their medians, so that they can come out a little
    below zero. Where training takes several steps a call, one of so many
    steps is timed too, and the epoch is reckoned with it. What a loss
    prepares for its gradient while it is computed counts as backward, since
    the first function leaves it out.

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
    batch_size = config.batch_size_for(len(dataset.interactions.train))
    network = build_model(config, dataset)
    build_seconds = time.perf_counter() - started
    compile_model(network, config)
    batches = TrainingBatches(dataset.interactions, batch_size)
    batch = {name: tf.constant(ids) for name, ids in batches[0].items()}
    network.track_losses(network.loss_terms(**batch))
    (epoch_start,) = median_seconds([network.begin_epoch], repeats)
    network.begin_epoch()
    (sampling,) = median_seconds([lambda: _draw_epoch(batches)], repeats)
    functions = _functions(network)
    calls = [lambda f=f: wait(f(batch)) for f in functions.values()]
    for call in calls:
        call()
    if profile is not None:
        tf.profiler.experimental.start(str(profile))
    forward, both, step = median_seconds(calls, repeats)
    if profile is not None:
        tf.profiler.experimental.stop()
    looped = None
    if steps_per_call() > 1:
        looped = _looped_step(dataset, network, batch_size, repeats)
    # A short last batch counts as the share of a whole one.
    num_steps = len(batches.rows) / batch_size
    epoch = epoch_start + sampling + num_steps * (looped or step)
    num_weights = sum(
        int(np.prod(v.shape)) for v in network.trainable_variables
    )
    graph = functions["gradients"].get_concrete_function(batch).graph
    work = product_work(graph) + optimizer_work(num_weights)
    return {
        "batch_size": batch_size,
        "weights": num_weights,
        "build_seconds": build_seconds,
        "step_seconds": step,
        "forward_seconds": forward,
        "backward_seconds": both - forward,
        "optimizer_seconds": step - both,
        "looped_step_seconds": looped,
        "epoch_seconds": epoch,
        "epoch_start_seconds": epoch_start,
        "sampling_seconds": sampling,
        "sampling_percent": 100 * sampling / epoch,
        **floor_columns(work, step, threads),
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


def _looped_step(dataset, network, batch_size, repeats):
    """Seconds of a step among those of one call."""
    batches = TrainingBatches(
        dataset.interactions, batch_size, steps_per_call=steps_per_call()
    )
    rows = {name: tf.constant(ids) for name, ids in batches[0].items()}
    network.rows_per_step = batch_size
    call = tf.function(network.train_step)
    wait(call(rows))
    (seconds,) = median_seconds([lambda: wait(call(rows))], repeats)
    network.rows_per_step = None
    return seconds * batch_size / len(rows["user_ids"])


def _draw_epoch(batches):
    """All that an epoch asks of the sampler."""
    batches.on_epoch_end()
    for index in range(len(batches)):
        batches[index]

"""Training steps on catalogues of millions of users."""

import time

import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.allocator import keep_freed_memory
from camgr_tf.config import resolve_config
from camgr_tf.models import CAmgr
from camgr_tf.ops import Adjacency
from camgr_tf.registry import find_model
from camgr_tf.subgraphs.sampled_edges import sample_edges
from camgr_tf.training.runs import compile_model
from camgr_tf.training.sampled_training import SampledBatches
from camgr_tf.training.sampled_training import sampled_terms
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.saved_runs import build_model

# Items that a made-up neighbor is drawn from, as of `clustered_features`.
CLUSTER_ITEMS = 200
# Steps before those that are timed: by then nearly all pages of mapped
# features have been read once, as they have for most of an epoch.
WARM_UP_STEPS = 10


def measure_scale_training(
    dataset,
    model,
    sampling=None,
    fanouts=(10, 5),
    embedding_dim=64,
    batch_size=2048,
    repeats=5,
):
    """Times steps of one model, as `camgr train` takes them.

    A step is its batch's subgraph, drawn and looked up, where neighbors are
    sampled, and the compiled step on it.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        model: String. `"camgr"` or another key of
            `camgr_tf.registry.MODELS`; the items' neighbors of `"camgr"` are
            those of `MadeUpNeighbors`.
        sampling: String, as of `ExperimentConfig`. Defaults to `None`: the
            whole graph.
        fanouts: Tuple of integers, or text, as of `ExperimentConfig`.
            Defaults to `(10, 5)`.
        embedding_dim: Integer. Defaults to `64`.
        batch_size: Integer. Defaults to `2048`.
        repeats: Integer. Timed steps. Defaults to `5`.

    Returns:
        Dictionary of plain values, one row of the table. Seconds are medians;
        those of the processor add up all threads, and other work on the
        machine changes them little.
    """
    keep_freed_memory()
    started = time.perf_counter()
    name = model
    if find_model(model) is CAmgr:
        name = f"{__name__}:{MadeUpNeighbors.__name__}"
    config = resolve_config(
        dataset="demo",
        model=name,
        sampling=sampling,
        batch_size=batch_size,
        modalities=tuple(dataset.features) or ("none",),
        fanouts=fanouts,
        embedding_dim=embedding_dim,
    )
    network = build_model(config, dataset)
    compile_model(network, config)
    built = time.perf_counter()
    batches = TrainingBatches(dataset.interactions, batch_size)
    negatives = time.perf_counter()
    if sampling:
        network.track_losses(sampled_terms(network, batches, config.fanouts))
        batches = SampledBatches(batches, network, config.fanouts)
    else:
        network.track_losses(network.loss_terms(**batches[0]))
    signature = tf.nest.map_structure(_any_length, batches[0])
    step = tf.function(network.train_step, input_signature=[signature])
    clocks, sizes = [], []
    for index in range(WARM_UP_STEPS + repeats):
        times = [_clock()]
        batch = batches[index % len(batches)]
        times.append(_clock())
        for value in step(batch).values():
            value.numpy()
        clocks.append(np.diff([*times, _clock()], axis=0))
        sizes.append(_subgraph_size(batch))
    draw, compute = np.median(clocks[WARM_UP_STEPS:], axis=0)
    step_seconds, step_cpu_seconds = (draw + compute).tolist()
    nodes, edges = np.median(sizes[WARM_UP_STEPS:], axis=0).astype(int).tolist()
    num_steps = len(dataset.interactions.train) / batch_size
    return {
        "embedding_dim": embedding_dim,
        "batch_size": batch_size,
        "fanouts": " ".join(map(str, config.fanouts)) if sampling else None,
        "train_pairs": len(dataset.interactions.train),
        "build_seconds": built - started,
        "negatives_seconds": negatives - built,
        "draw_seconds": float(draw[0]),
        "draw_cpu_seconds": float(draw[1]),
        "step_seconds": step_seconds,
        "step_cpu_seconds": step_cpu_seconds,
        "epoch_seconds": num_steps * step_seconds,
        "step_nodes": nodes or None,
        "step_edges": edges or None,
    }


class MadeUpNeighbors(CAmgr):
    """`CAmgr` whose items' neighbors are drawn at random among 200 items.

    As many as it has otherwise, and as local as in features that lie in
    clusters of so many; to find the true ones takes a million items 72 s a
    modality and is a measurement of its own, `semantic_graph`.
    """

    samples_neighbors = True

    def make_item_graph(self, features):
        num_items, k = len(features), self.num_neighbors
        clusters = np.arange(num_items) // CLUSTER_ITEMS
        bounds = CLUSTER_ITEMS * np.arange(clusters[-1] + 2)
        bounds = np.minimum(bounds, num_items)
        rng = np.random.default_rng(self.next_seed())
        places, owners = sample_edges(bounds, clusters, k, rng)
        starts = np.searchsorted(owners, np.arange(num_items + 1))
        weights = np.full(len(places), 1 / k, "float32")
        return Adjacency(
            scipy.sparse.csr_matrix(
                (weights, places, starts), shape=(num_items, num_items)
            )
        )


def _clock():
    return time.perf_counter(), time.process_time()


def _subgraph_size(batch):
    """Nodes and edges that a batch brings, none on the whole graph."""
    if "subgraph" not in batch:
        return 0, 0
    subgraph = batch["subgraph"]
    edges = [len(graph["targets"]) for graph in subgraph["graphs"].values()]
    return len(subgraph["user_ids"]) + len(subgraph["item_ids"]), sum(edges)


def _any_length(array):
    return tf.TensorSpec((None, *array.shape[1:]), array.dtype)

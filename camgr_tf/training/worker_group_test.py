"""Two processes on the loopback address against one."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines import MF
from camgr_tf.config import resolve_config
from camgr_tf.registry import find_model
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.runs import compile_model
from camgr_tf.training.sampled_training import SampledBatches
from camgr_tf.training.sampled_training import SampledStep
from camgr_tf.training.sampled_training import sampled_terms
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.state import model_weights
from camgr_tf.training.worker_group import WorkerGroup

# Edges are dropped in the whole graph alike on all workers; in sampled graphs
# each worker drops others.
SAMPLED = {"sampling": "neighbors", "fanouts": "99"}
CASES = {
    "camgr adam": ("camgr", "adam", {"num_neighbors": 3}),
    "camgr sgd": ("camgr", "sgd", {"num_neighbors": 3}),
    "camgr_attention": ("camgr_attention", "adam", {"num_neighbors": 3}),
    "lightgcn adam": ("lightgcn", "adam", {}),
    "lightgcn sgd": ("lightgcn", "sgd", {}),
    "mgcn adam": ("mgcn", "adam", {"num_neighbors": 3}),
    "sampled lightgcn": ("lightgcn", "adam", SAMPLED),
    "sampled camgr": (
        "camgr",
        "adam",
        {"num_neighbors": 3, "edge_dropout": 0.0, **SAMPLED},
    ),
}
WORKER = """
import sys
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
from camgr_tf.training.worker_group import WorkerGroup
from camgr_tf.training.worker_group_test import CASES, trained
group = WorkerGroup(strategy)
import numpy as np
arrays = {}
for case in CASES:
    for name, value in trained(case, group).items():
        arrays[f"{case}|{name}"] = value
np.savez(sys.argv[1], **arrays)
group.any(False)
"""


def trained(case, group):
    """Losses of three epochs and the weights behind them."""
    model_name, optimizer, parameters = CASES[case]
    config = resolve_config(
        model=model_name, dataset="tiny", batch_size=7, **parameters
    )
    dataset = tiny_dataset()
    names = {"num_neighbors", "edge_dropout"} & set(parameters)
    model = find_model(model_name)(
        dataset, embedding_dim=8, **{n: parameters[n] for n in names}
    )
    compile_model(model, config)
    if optimizer == "sgd":
        model.compile(optimizer=keras.optimizers.SGD(0.1), jit_compile=False)
    # The last batch is short: its rows cannot be divided evenly.
    rows = len(dataset.interactions.train)
    assert rows % 7 % 2 == 1, rows
    batches = TrainingBatches(dataset.interactions, 7)
    if config.sampling:
        model.track_losses(sampled_terms(model, batches, config.fanouts))
        batches = SampledBatches(
            batches, model, config.fanouts, group.worker, group.num_workers
        )
        group.share(model, SampledStep(model).gradients)
    else:
        model.track_losses(model.loss_terms(**batches[0]))
        group.share(model, model.gradients)
    history = model.fit(batches, epochs=3, verbose=0, shuffle=False).history
    weights = {n: np.asarray(w) for n, w in model_weights(model).items()}
    return {**weights, **{f"history {n}": v for n, v in history.items()}}


def environments(number):
    """`TF_CONFIG` for so many workers of this machine."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    for index in range(number):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": workers}, "task": task}
        yield {**os.environ, "TF_CONFIG": json.dumps(config)}


@pytest.mark.cluster
def test_two_workers_train_as_one_process(tmp_path):
    paths = [tmp_path / "0.npz", tmp_path / "1.npz"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path)], env=environment
        )
        for path, environment in zip(paths, environments(2))
    ]
    try:
        alone = {case: trained(case, WorkerGroup()) for case in CASES}
        assert [worker.wait(300) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    for path in paths:
        with np.load(path) as arrays:
            for case, expected in alone.items():
                for name, value in expected.items():
                    # Of the largest value: a weight near zero is a sum of
                    # terms that cancel.
                    error = np.abs(arrays[f"{case}|{name}"] - value).max()
                    assert error <= 1e-5 * np.abs(value).max(), (case, name)


def test_one_process_is_the_chief_of_itself():
    group = WorkerGroup()
    assert (group.worker, group.num_workers, group.is_chief) == (0, 1, True)
    assert group.any(True)
    assert not group.any(False)


def test_a_loss_that_cannot_be_divided_is_refused():
    group = WorkerGroup()
    group.num_workers = 2
    with pytest.raises(ValueError, match="MF cannot be trained by several"):
        group.share(MF(tiny_dataset()), None)


def test_one_process_has_one_replica():
    devices = tf.config.list_logical_devices("CPU")
    mirrored = tf.distribute.MirroredStrategy([devices[0].name])
    mirrored.experimental_local_results = lambda value: (value, value)
    with pytest.raises(ValueError, match="2 replicas in this process"):
        WorkerGroup(mirrored)

"""How fast subgraphs are drawn, here and by Ray's workers."""

import contextlib
import hashlib
import time
from typing import NamedTuple

import numpy as np
import psutil
import scipy.sparse

from camgr_tf.benchmarks.lists import WorkerMemory
from camgr_tf.benchmarks.synthetic_dataset import SIZES
from camgr_tf.benchmarks.synthetic_dataset import draw_pairs
from camgr_tf.ranking.execution import Execution
from camgr_tf.subgraphs.ray_draws import ray_draws
from camgr_tf.subgraphs.subgraph_sampler import AskedGraph
from camgr_tf.subgraphs.subgraph_sampler import SubgraphSampler


class Graph(NamedTuple):
    """A graph in the place of `Adjacency`, without TensorFlow.

    Attributes:
        matrix: SciPy CSR matrix.
    """

    matrix: scipy.sparse.csr_matrix

    @property
    def num_edges(self):
        """Integer."""
        return self.matrix.nnz


def measure_sampler(
    num_users,
    num_pairs,
    executor="local",
    num_workers=1,
    fanouts=(10, 5),
    batch_size=4096,
    folder=None,
    seed=0,
):
    """Times the subgraphs around each user, once, two hops wide.

    Users, items and their degrees are spread as those of Amazon Baby. The
    time includes the start of Ray and the files that workers map.

    Args:
        num_users: Integer.
        num_pairs: Integer. Interactions, at least five a user.
        executor: String, `"local"` or `"ray"`. Defaults to `"local"`: one
            process.
        num_workers: Integer. Defaults to `1`.
        fanouts: Tuple of integers, see `SubgraphSampler`. Defaults to
            `(10, 5)`.
        batch_size: Integer. Users of a subgraph. Defaults to `4096`.
        folder: Path of a folder for the graphs' files. Defaults to `None`:
            one of the system.
        seed: Integer. Of pairs and draws. Defaults to `0`.

    Returns:
        Dictionary of plain values, one row of the table. `checksum` is equal
        where all subgraphs are; `worker_memory_mb` is the most that one
        worker held, mapped pages included, and `None` without workers.

    Raises:
        ValueError: If there are fewer than five pairs a user.
    """
    if num_pairs < 5 * num_users:
        raise ValueError(
            "There must be five pairs a user. "
            f"Received: {num_pairs} pairs of {num_users} users"
        )
    of_baby = SIZES["baby"]
    num_items = max(50, num_users * of_baby[1] // of_baby[0])
    sampler = made_up_sampler(num_users, num_items, num_pairs, fanouts, seed)
    order = np.random.default_rng(seed).permutation(num_users)
    requests = [
        (order[start : start + batch_size], [seed, 0, index])
        for index, start in enumerate(range(0, num_users, batch_size))
    ]
    digest, num_nodes, num_edges = hashlib.sha256(), 0, 0
    with WorkerMemory() as memory, contextlib.ExitStack() as stack:
        started = time.perf_counter()
        if executor == "local":
            drawn = (
                sampler.draw(seeds, np.random.default_rng(key))
                for seeds, key in requests
            )
        else:
            execution = Execution(executor, num_workers=num_workers)
            draws = stack.enter_context(ray_draws(sampler, execution, folder))
            drawn = draws.in_order(requests)
        for subgraph in drawn:
            edges = subgraph["graphs"]["0"]
            nodes = subgraph["user_ids"], subgraph["item_ids"]
            for values in (*nodes, *edges.values()):
                digest.update(values)
            num_nodes += sum(map(len, nodes))
            num_edges += len(edges["values"])
        seconds = time.perf_counter() - started
    return {
        "users": num_users,
        "items": num_items,
        "interactions": num_pairs,
        "workers": num_workers,
        "subgraphs": len(requests),
        "nodes": num_nodes,
        "edges": num_edges,
        "sampler_seconds": seconds,
        "seeds_per_second": num_users / seconds,
        "worker_memory_mb": memory.peak_mb,
        "load": psutil.getloadavg()[0],
        "checksum": digest.hexdigest()[:12],
    }


def made_up_sampler(num_users, num_items, num_pairs, fanouts, seed):
    """A sampler of the graph of all nodes, with weights of one.

    Args:
        num_users: Integer.
        num_items: Integer.
        num_pairs: Integer.
        fanouts: Tuple of integers.
        seed: Integer.

    Returns:
        `SubgraphSampler`.
    """
    pairs = draw_pairs(
        num_users, num_items, num_pairs, np.random.default_rng(seed)
    )
    targets = np.concatenate([pairs[:, 0], pairs[:, 1] + num_users])
    sources = np.concatenate([pairs[:, 1] + num_users, pairs[:, 0]])
    weights = np.ones(len(targets), "float32")
    shape = 2 * (num_users + num_items,)
    matrix = scipy.sparse.csr_matrix((weights, (targets, sources)), shape)
    return SubgraphSampler(
        [AskedGraph(Graph(matrix), "nodes", 2)], num_users, fanouts
    )

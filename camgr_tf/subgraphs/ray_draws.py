"""Subgraphs that are drawn by Ray's workers, some ahead of their use."""

import collections
import contextlib
import functools
import itertools
import os
import tempfile

import numpy as np

from camgr_tf.ranking.execution import MAX_RETRIES
from camgr_tf.ranking.execution import ray_session
from camgr_tf.subgraphs.sampler_files import open_sampler
from camgr_tf.subgraphs.sampler_files import save_sampler

# Of a Ray that is started here: subgraphs that nobody has asked for yet.
OBJECT_STORE_BYTES = 500_000_000
# Subgraphs that each worker is ahead.
AHEAD = 2


@contextlib.contextmanager
def ray_draws(sampler, execution, folder=None):
    """Has Ray's workers draw what a sampler draws here, bit by bit.

    What is drawn follows from the seeds and the key alone, whoever draws it;
    a subgraph whose worker is killed is drawn again. Workers map the graphs
    from files.

    Args:
        sampler: `SubgraphSampler`.
        execution: `camgr_tf.ranking.execution.Execution` with the executor
            `"ray"`.
        folder: Path of a folder that all workers see, for the graphs' files,
            which are removed again. Defaults to `None`: one of the system,
            for workers on this machine.

    Yields:
        `RayDraws`.

    Example:

    ```python
    with ray_draws(sampler, Execution("ray", num_workers=2)) as draws:
        for subgraph in draws.in_order([(np.arange(4096), [0, 0, 0])]):
            print(len(subgraph["user_ids"]))
    ```
    """
    num_workers = execution.num_workers or len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(dir=folder) as files:
        save_sampler(files, sampler)
        with ray_session(execution, num_workers, OBJECT_STORE_BYTES) as ray:
            yield RayDraws(ray, files)


class RayDraws:
    """Asks for subgraphs and waits for them, see `ray_draws`.

    Args:
        ray: The module, connected.
        files: String. Folder of the graphs' files.

    Attributes:
        num_ahead: Integer. Subgraphs that are worth asking for ahead.
    """

    def __init__(self, ray, files):
        self.num_ahead = AHEAD * int(ray.cluster_resources()["CPU"])
        self._ray = ray
        self._files = files
        self._task = ray.remote(draw_subgraph).options(
            name="subgraph", num_cpus=1, max_retries=MAX_RETRIES
        )

    def ask(self, seeds, key):
        """Has a subgraph drawn.

        Args:
            seeds: Integer array of nodes, users first.
            key: List of integers, the seed of the generator.

        Returns:
            What `wait` takes.
        """
        return self._task.remote(self._files, seeds, key)

    def wait(self, asked):
        """The subgraph, as of `SubgraphSampler.draw`.

        Args:
            asked: What `ask` returned.

        Returns:
            Dictionary.
        """
        return self._ray.get(asked)

    def in_order(self, requests):
        """Draws one after the other, and some ahead.

        Args:
            requests: Iterable of tuples, the arguments of `ask`.

        Yields:
            Dictionary, as of `SubgraphSampler.draw`.
        """
        requests = iter(requests)
        asked = collections.deque(
            self.ask(*request)
            for request in itertools.islice(requests, self.num_ahead)
        )
        while asked:
            subgraph = self.wait(asked.popleft())
            asked.extend(
                self.ask(*request) for request in itertools.islice(requests, 1)
            )
            yield subgraph


def draw_subgraph(folder, seeds, key):
    """One worker's subgraph.

    Args:
        folder: String, as of `save_sampler`.
        seeds: Integer array of nodes, users first.
        key: List of integers, the seed of the generator.

    Returns:
        Dictionary, as of `SubgraphSampler.draw`.
    """
    return _sampler(folder).draw(seeds, np.random.default_rng(key))


@functools.lru_cache(maxsize=1)
def _sampler(folder):
    return open_sampler(folder)

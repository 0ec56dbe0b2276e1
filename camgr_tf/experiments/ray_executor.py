"""Runs trials as tasks of a Ray cluster."""

import contextlib
import logging
import os
import signal
import threading

from camgr_tf import paths
from camgr_tf.experiments.gpu_share import runs_of_gpus
from camgr_tf.experiments.processes import task_folder
from camgr_tf.experiments.ray_run import RayRun
from camgr_tf.experiments.ray_task import look_around
from camgr_tf.experiments.ray_task import run_task
from camgr_tf.experiments.shared_folders import file_sizes
from camgr_tf.experiments.shared_folders import token
from camgr_tf.folder_lock import folder_lock
from camgr_tf.graphs.cache import cache_folder
from camgr_tf.local_ray import start_ray

# Workers that a run may lose before it counts as failed.
RETRIES = 3
# Seconds that a node may take to look at its folders.
PATIENCE = 120.0
# Variables that change what a run does; a worker has none of the driver's.
PREFIXES = ("CAMGR_", "KERAS_", "TF_", "XLA_")


class RayExecutor:
    """Runs trials as tasks of a Ray cluster, each on one of its nodes.

    A task starts the same process that a trial has without Ray, in the same
    folder, and ends with it; so folders, records and the way to continue are
    those of one machine. If a worker dies, its run continues on another one;
    if the driver dies, all its tasks end. As long as it is entered, this
    process is connected with the cluster.

    Args:
        address: String. The cluster, as `ray.init` understands it; `"auto"`
            is the one that this machine belongs to, `"local"` starts one of
            this machine alone. Defaults to `"auto"`.
        cpus_per_run: Integer. Processors, and so threads, of each run.
            Defaults to `2`.
        gpus_per_run: Float. GPUs of each run, such as `0.25` for four runs
            on one. Defaults to `0.0`: none.
        jobs: Integer. Trials that are given to the cluster at one time.
            Defaults to `None`: as many as it has room for, nodes that have
            come later included.

    Raises:
        ImportError: If Ray is not installed.
        ConnectionError: If there is no such cluster.
        ValueError: If a number is not positive, or no node has room for a
            run.
    """

    def __init__(
        self, address="auto", cpus_per_run=2, gpus_per_run=0.0, jobs=None
    ):
        if cpus_per_run < 1:
            raise ValueError(
                "`cpus_per_run` must be positive. Received: "
                f"cpus_per_run={cpus_per_run}"
            )
        if gpus_per_run < 0 or (gpus_per_run > 1 and gpus_per_run % 1):
            raise ValueError(
                "`gpus_per_run` must be a part of one GPU or several whole "
                f"ones. Received: gpus_per_run={gpus_per_run}"
            )
        self.address = address
        self.num_threads = cpus_per_run
        self.gpus_per_run = gpus_per_run
        self._jobs = jobs
        self._ray = None

    def __enter__(self):
        self._ray = ray = _import_ray()
        options = {
            "runtime_env": {"env_vars": worker_environment()},
            "logging_level": logging.ERROR,
            "log_to_driver": False,
        }
        try:
            with _own_signals():
                if self.address == "local":
                    start_ray(**options)
                else:
                    ray.init(self.address, **options)
        # The second one of an address that is none.
        except (ConnectionError, ValueError) as error:
            raise ConnectionError(
                f"No Ray cluster answers at {self.address!r}. Start one by "
                "`ray start --head`, or use that of this machine alone, "
                "'local'; one that asks for a token needs RAY_AUTH_MODE=token "
                f"here too. Ray says: {_last_line(error)}"
            ) from error
        if not self._room():
            ray.shutdown()
            raise ValueError(
                "No node of the Ray cluster has room for a run. Received: "
                f"cpus_per_run={self.num_threads}, "
                f"gpus_per_run={self.gpus_per_run}"
            )
        resources = {
            "num_cpus": self.num_threads,
            "num_gpus": self.gpus_per_run,
        }
        self._task = ray.remote(max_retries=RETRIES, **resources)(run_task)
        return self

    def __exit__(self, *error):
        self._ray.shutdown()

    @property
    def jobs(self):
        """Trials that may run at one time."""
        return self._jobs or max(1, self._room())

    def check(self, output_root, datasets):
        """Makes sure that all nodes see the folders that trials use.

        Args:
            output_root: Path of the folder of all runs.
            datasets: List of paths, the folders of the datasets.

        Raises:
            RuntimeError: If one does not; node and folder are named.
        """
        from ray.util.scheduling_strategies import (
            NodeAffinitySchedulingStrategy as OnNode,
        )

        ray = self._ray
        data = {folder: file_sizes(folder) for folder in datasets}
        with contextlib.ExitStack() as stack:
            folders = [
                (folder, stack.enter_context(token(folder)))
                for folder in (output_root.resolve(), cache_folder())
                if folder is not None
            ]
            task = ray.remote(num_cpus=0)(look_around)
            looks = {
                task.options(
                    scheduling_strategy=OnNode(node["NodeID"], soft=False)
                ).remote(folders, data): node["NodeManagerHostname"]
                for node in self._nodes()
            }
            for look, host in looks.items():
                try:
                    faults = ray.get(look, timeout=PATIENCE)
                except ray.exceptions.RayError as error:
                    faults = [f"it cannot look: {_last_line(error)}"]
                if faults:
                    raise RuntimeError(
                        f"Node {host} of the Ray cluster cannot run trials: "
                        f"{'; '.join(faults)}. Put runs (--output-root), data "
                        "(--data-root), cache (CAMGR_CACHE) and package on "
                        "paths that all nodes share."
                    )

    def start(self, task):
        """Gives a trial to the cluster.

        Args:
            task: Dictionary, as for
                `camgr_tf.experiments.processes.start_trial`.

        Returns:
            `RayRun`.
        """
        # Held already: by the driver, in this process.
        with folder_lock(task_folder(task)) as driver:
            reference = self._task.remote(
                task, driver, self.num_threads, self.gpus_per_run
            )
        return RayRun(self._ray, reference)

    def finished(self, folder):
        """Is told of each run that has ended.

        Args:
            folder: Path of `outputs/<run_id>`.
        """

    def _room(self):
        return sum(self._fit(node["Resources"]) for node in self._nodes())

    def _nodes(self):
        """Living nodes that have room for at least one run."""
        return [
            node
            for node in self._ray.nodes()
            if node["Alive"] and self._fit(node["Resources"])
        ]

    def _fit(self, resources):
        fit = int(resources.get("CPU", 0) // self.num_threads)
        if self.gpus_per_run:
            gpus = resources.get("GPU", 0)
            fit = min(fit, runs_of_gpus(gpus, self.gpus_per_run))
        return fit


def worker_environment():
    """What a worker's environment needs of this process'.

    Returns:
        Dictionary of environment variables.
    """
    own = {n: v for n, v in os.environ.items() if n.startswith(PREFIXES)}
    # A model of the user's lies in the working directory.
    modules = os.pathsep.join([os.getcwd(), paths.python_path()])
    return {
        **own,
        "CAMGR_DATA": str(paths.data_root()),
        "CAMGR_CACHE": str(cache_folder() or ""),
        "PYTHONPATH": modules,
    }


@contextlib.contextmanager
def _own_signals():
    """Ray does not change what ends this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _last_line(error):
    return str(error).strip().splitlines()[-1]


def _import_ray():
    try:
        import ray
    except ImportError as error:
        raise ImportError(
            'Many machines need Ray: pip install "camgr_tf[cluster]".'
        ) from error
    return ray

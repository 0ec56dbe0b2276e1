"""One run on several workers of a Ray cluster, through Ray Train."""

import contextlib
import tempfile

from camgr_tf import paths
from camgr_tf.experiments.ray_executor import worker_environment
from camgr_tf.local_ray import start_ray
from camgr_tf.registry import find_model
from camgr_tf.training.ray_worker import train_worker
from camgr_tf.training.run_claim import claimed_run
from camgr_tf.training.worker_group import check_divides


def train_on_ray(
    config,
    num_workers,
    output_root=None,
    overwrite=False,
    progress=True,
    address="local",
    cpus_per_worker=1,
    gpus_per_worker=None,
):
    """Trains one run on several workers, as `train` does in one process.

    Worker 0 writes the run's folder. If a worker dies, all are started again
    and continue behind the last whole epoch, with the same numbers; errors
    that would come back in another try are raised at once.

    Args:
        config: `ExperimentConfig`.
        num_workers: Integer. More than one.
        output_root: Path of the folder of all runs, which all workers see.
            Defaults to `None`, as for `train`.
        overwrite: Boolean. Trains anew. Defaults to `False`.
        progress: Boolean. Whether worker 0 writes a line an epoch into Ray's
            output, which a driver shows. Defaults to `True`.
        address: String. The cluster, as `ray.init` understands it; `"local"`
            starts one of this machine alone. Defaults to `"local"`.
        cpus_per_worker: Integer. Processors, and so threads, of each.
            Defaults to `1`.
        gpus_per_worker: Float. GPUs of each: one, or a part of one such as
            `0.5` for two workers on one. Defaults to `None`: one where the
            cluster has GPUs, else none.

    Raises:
        ImportError: If Ray is not installed.
        ValueError: If the GPUs are not as many as workers, and it is not
            said how many each has, or those of `train`.
        RunInUseError: If the run is being trained; the process is named.
        RuntimeError: If workers died again and again.
    """
    try:
        import ray
        from ray.train import RunConfig
        from ray.train.tensorflow import TensorflowTrainer
    except ImportError as error:
        raise ImportError(
            'Several workers need Ray: pip install "camgr_tf[cluster]".'
        ) from error
    from camgr_tf.training.ray_failures import retried
    from camgr_tf.training.worker_resources import scaling_config

    check_divides(find_model(config.model), num_workers)
    folder = paths.output_root(output_root) / config.run_id
    # Here: workers that are started again continue.
    with claimed_run(folder, overwrite):
        pass
    environment = {
        **worker_environment(),
        "TF_NUM_INTRAOP_THREADS": str(cpus_per_worker),
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": str(cpus_per_worker),
    }
    options = {
        "runtime_env": {"env_vars": environment},
        "log_to_driver": progress,
        "logging_level": "ERROR",
    }
    with contextlib.ExitStack() as stack:
        # Ray Train keeps its own records there; they are not part of the run,
        # and not those of another driver of it.
        records = stack.enter_context(
            tempfile.TemporaryDirectory(
                prefix=".ray_train-", dir=folder, ignore_cleanup_errors=True
            )
        )
        if address == "local":
            start_ray(num_workers * cpus_per_worker, **options)
        else:
            ray.init(address, **options)
        stack.callback(ray.shutdown)
        scaling = scaling_config(
            num_workers,
            cpus_per_worker,
            gpus_per_worker,
            ray.cluster_resources().get("GPU", 0),
        )
        settings = {
            "config": config,
            "output_root": str(paths.output_root(output_root)),
            "progress": progress,
            "gpus": scaling.resources_per_worker["GPU"],
        }

        def attempt():
            TensorflowTrainer(
                train_worker,
                train_loop_config=settings,
                scaling_config=scaling,
                run_config=RunConfig(storage_path=records),
            ).fit()

        retried(attempt, folder)

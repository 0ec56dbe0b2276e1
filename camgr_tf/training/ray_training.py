"""One run on several workers of a Ray cluster, through Ray Train."""

import os
import shutil
import tempfile

from camgr_tf import paths
from camgr_tf.experiments.ray_executor import worker_environment
from camgr_tf.training.ray_worker import train_worker
from camgr_tf.training.run_claim import claimed_run

# How often workers are started anew after one of them has died.
MAX_FAILURES = 3
# A busy machine takes longer than the 15 seconds that Ray allows itself.
START_MS = 120_000


def train_on_ray(
    config,
    num_workers,
    output_root=None,
    overwrite=False,
    progress=True,
    address="local",
    cpus_per_worker=1,
):
    """Trains one run on several workers, as `train` does in one process.

    Worker 0 writes the run's folder. If a worker dies, all are started again
    and continue behind the last whole epoch, with the same numbers.

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

    Raises:
        ImportError: If Ray is not installed.
        RunInUseError: If it would overwrite a run that is being trained.
        RuntimeError: If the training fails; the workers' error is named.
    """
    try:
        import ray
        from ray.train import FailureConfig
        from ray.train import RunConfig
        from ray.train import ScalingConfig
        from ray.train.tensorflow import TensorflowTrainer
    except ImportError as error:
        raise ImportError(
            'Several workers need Ray: pip install "camgr_tf[cluster]".'
        ) from error
    folder = paths.output_root(output_root) / config.run_id
    if overwrite:
        # Here: workers that are started again continue.
        with claimed_run(folder, overwrite=True):
            pass
    environment = {
        **worker_environment(),
        "TF_NUM_INTRAOP_THREADS": str(cpus_per_worker),
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": str(cpus_per_worker),
    }
    options = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        options = {
            "include_dashboard": False,
            "num_cpus": num_workers * cpus_per_worker,
            "num_gpus": 0,
            "_system_config": {"agent_register_timeout_ms": START_MS},
        }
    # Ray Train keeps its own records there; they are not part of the run, and
    # not those of another driver of it.
    folder.mkdir(parents=True, exist_ok=True)
    records = tempfile.mkdtemp(prefix=".ray_train-", dir=folder)
    ray.init(
        address,
        runtime_env={"env_vars": environment},
        log_to_driver=progress,
        logging_level="ERROR",
        **options,
    )
    try:
        trainer = TensorflowTrainer(
            train_worker,
            train_loop_config={
                "config": config,
                "output_root": str(paths.output_root(output_root)),
                "progress": progress,
            },
            scaling_config=ScalingConfig(
                num_workers=num_workers,
                # The one that starts them needs none.
                resources_per_worker={"CPU": cpus_per_worker},
            ),
            run_config=RunConfig(
                name="workers",
                storage_path=records,
                failure_config=FailureConfig(max_failures=MAX_FAILURES),
            ),
        )
        trainer.fit()
    except ray.train.TrainingFailedError as error:
        raise RuntimeError(
            f"{config.run_id} was not trained: {_last_line(error)}"
        ) from error
    finally:
        ray.shutdown()
        shutil.rmtree(records, ignore_errors=True)


def _last_line(error):
    return str(error).strip().splitlines()[-1]

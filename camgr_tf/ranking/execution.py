"""Where the shards of a computation are computed."""

import contextlib
import functools
import importlib.util
import os
import threading
from dataclasses import dataclass

from camgr_tf.local_ray import start_ray

EXECUTORS = ("local", "ray", "beam")
MODULES = {"ray": "ray", "beam": "apache_beam"}
EXTRAS = {"ray": "cluster", "beam": "beam"}
# Of a Ray that is started here. No shard returns anything.
OBJECT_STORE_BYTES = 100_000_000
# How often a shard is begun again whose worker was killed.
MAX_RETRIES = 5
SECONDS_BETWEEN_REPORTS = 0.5


@dataclass(frozen=True)
class Execution:
    """How shards are computed: in this process, by Ray or by Apache Beam.

    Args:
        executor: String. `"local"`, `"ray"` (extra `cluster`) or `"beam"`
            (extra `beam`). Defaults to `"local"`.
        num_shards: Integer. Defaults to `None`: what the computation takes.
        num_workers: Integer. Processes on this machine, where no cluster is
            named. Defaults to `None`: its CPU cores.
        address: String. Of a Ray cluster, such as `"auto"` or
            `"ray://head:10001"`. Defaults to `None`: one is started here for
            the time of the computation, unless this process is in one.
        beam_options: Tuple of strings, options of the pipeline such as
            `"--runner=FlinkRunner"`. Defaults to `()`: the DirectRunner with
            `num_workers` processes.

    Raises:
        ValueError: For an unknown executor, a number below one, or an
            option of another executor.
        ImportError: If the executor's extra is not installed.
    """

    executor: str = "local"
    num_shards: int | None = None
    num_workers: int | None = None
    address: str | None = None
    beam_options: tuple = ()

    def __post_init__(self):
        if self.executor not in EXECUTORS:
            raise ValueError(
                f"`executor` must be one of {', '.join(EXECUTORS)}. "
                f"Received: executor={self.executor!r}"
            )
        for name in ("num_shards", "num_workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"`{name}` must be positive. Received: {name}={value}"
                )
        for name, owner in (("address", "ray"), ("beam_options", "beam")):
            if getattr(self, name) and self.executor != owner:
                raise ValueError(
                    f"`{name}` is for executor={owner!r}. Received: "
                    f"executor={self.executor!r}, {name}="
                    f"{getattr(self, name)!r}"
                )
        module = MODULES.get(self.executor)
        if module and importlib.util.find_spec(module) is None:
            extra = EXTRAS[self.executor]
            raise ImportError(
                f"`executor={self.executor!r}` needs {module}: "
                f'pip install "camgr_tf[{extra}]".'
            )


def run_shards(function, shards, execution, report):
    """Calls a function once for each shard.

    A shard whose worker is killed is computed again by Ray, up to five
    times; Beam's own local runner gives up, other runners have their own
    rules.

    Args:
        function: Function that workers can import, or a `functools.partial`
            of one. What it returns is dropped.
        shards: List of tuples, the arguments of each call.
        execution: `Execution`.
        report: Function without arguments that is called now and then while
            the workers work.
    """
    if execution.executor == "ray":
        _run_on_ray(function, shards, execution, report)
    elif execution.executor == "beam":
        _run_on_beam(function, shards, execution, report)
    else:
        for shard in shards:
            function(*shard)
            report()


def _num_workers(execution, shards):
    found = execution.num_workers or len(os.sched_getaffinity(0))
    return min(found, len(shards))


def _run_on_ray(function, shards, execution, report):
    num_workers = _num_workers(execution, shards)
    with ray_session(execution, num_workers, OBJECT_STORE_BYTES) as ray:
        task = ray.remote(_call).options(
            name="shard", num_cpus=1, max_retries=MAX_RETRIES
        )
        pending = [task.remote(function, shard) for shard in shards]
        while pending:
            done, pending = ray.wait(pending, timeout=SECONDS_BETWEEN_REPORTS)
            ray.get(done)  # raises what a task raised
            report()


@contextlib.contextmanager
def ray_session(execution, num_workers, object_bytes):
    """A connection to a Ray cluster; one that is there already is used.

    Args:
        execution: `Execution`.
        num_workers: Integer. Processors of a Ray that is started here.
        object_bytes: Integer. What its workers may return at one time.

    Yields:
        The module `ray`.
    """
    import ray

    started = not ray.is_initialized()
    try:
        if started and execution.address:
            ray.init(address=execution.address, log_to_driver=False)
        elif started:
            start_ray(
                num_workers,
                num_gpus=0,
                object_store_memory=object_bytes,
                log_to_driver=False,
                logging_level="warning",
            )
        yield ray
    finally:
        if started:
            ray.shutdown()


def _run_on_beam(function, shards, execution, report):
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    options = list(execution.beam_options)
    if not any(option.startswith("--runner") for option in options):
        options = [
            "--runner=DirectRunner",
            "--direct_running_mode=multi_processing",
            f"--direct_num_workers={_num_workers(execution, shards)}",
            "--default_sdk_harness_log_level=ERROR",
            *options,
        ]
    done = threading.Event()

    def watch():
        while not done.wait(SECONDS_BETWEEN_REPORTS):
            report()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
            _ = (
                pipeline
                | beam.Create(shards)
                | beam.Reshuffle()
                | beam.Map(functools.partial(_call, function))
            )
    finally:
        done.set()
        watcher.join()
    report()


def _call(function, shard):
    function(*shard)

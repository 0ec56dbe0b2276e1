"""Options of where trials run, for `camgr sweep` and `camgr search`."""

import contextlib

from camgr_tf.cli.options import positive

# Options that only Ray knows, and what they are where they are not given.
OF_RAY = {"address": "auto", "cpus_per_run": 2, "gpus_per_run": 0.0}


def add_executor(parser):
    """Adds `--executor` and the options of Ray."""
    parser.add_argument(
        "--executor",
        choices=("local", "ray"),
        default="local",
        help="where runs are made: on this machine, or on the machines of a "
        "Ray cluster, which share the folders of runs, data and cache",
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="the Ray cluster: host:port, the one that this machine belongs "
        "to, or local, one of this machine alone (default: auto, the second)",
    )
    parser.add_argument(
        "--cpus-per-run",
        type=positive,
        metavar="N",
        help="with --executor ray: processors of a run, which is also the "
        f"number of its threads (default: {OF_RAY['cpus_per_run']})",
    )
    parser.add_argument(
        "--gpus-per-run",
        type=float,
        metavar="X",
        help="with --executor ray: GPUs of a run, such as .25 for four runs "
        "on one (default: 0, none)",
    )


@contextlib.contextmanager
def chosen_executor(options, datasets, jobs=None):
    """The executor that the options ask for, connected and checked.

    Args:
        options: The parsed command line, its `output_root` a path.
        datasets: List of strings, the names of the datasets.
        jobs: Integer, as for `RayExecutor`. Defaults to `None`.

    Yields:
        `RayExecutor`; `None` for this machine.

    Raises:
        ValueError: If an option of Ray is given without it.
        ConnectionError: If there is no such cluster.
        RuntimeError: If a node does not see the folders.
    """
    given = {
        name: getattr(options, name)
        for name in OF_RAY
        if getattr(options, name) is not None
    }
    if options.executor == "local":
        if given:
            name = f"--{min(given).replace('_', '-')}"
            raise ValueError(f"{name} is an option of --executor ray.")
        yield None
        return
    from camgr_tf.data.dataset import find_dataset
    from camgr_tf.experiments.ray_executor import RayExecutor

    folders = [find_dataset(name, options.data_root) for name in datasets]
    with RayExecutor(**{**OF_RAY, **given}, jobs=jobs) as executor:
        executor.check(options.output_root, folders)
        yield executor

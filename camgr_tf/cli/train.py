"""Trains one model on one dataset."""

from camgr_tf import paths
from camgr_tf.cli.metrics_text import print_metrics
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_parameters
from camgr_tf.cli.options import positive
from camgr_tf.cli.options import read_parameters

SUMMARY = "train a model, select its epoch on validation, test it once"
EXAMPLES = """
    camgr train --dataset demo -p max_epochs 20
    camgr train mgcn --dataset baby -p seed 1 -p learning_rate 5e-4
    camgr train my_package.my_module:MyModel --dataset demo
    camgr train --dataset demo --workers 2
    camgr train mgcn --show
"""
SHARED = ("model", "dataset", "data_root")


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="such as camgr, mgcn, lightgcn, or an own one as "
        "package.module:Class (default: camgr)",
    )
    parser.add_argument(
        "--dataset",
        metavar="NAME",
        help="folder below the data root (default: demo)",
    )
    add_parameters(parser)
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="train anew where this run is there already",
    )
    parser.add_argument(
        "--show",
        action="store_true",
        help="print all parameters of the run, and train nothing",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes that train the run together, on Ray; of sampled "
        "neighbors each draws its share (default: 1, without Ray)",
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="with --workers: the Ray cluster: auto, host:port, or local, one "
        "of this machine alone (default: local)",
    )
    parser.add_argument(
        "--cpus-per-worker",
        type=positive,
        metavar="N",
        help="with --workers: processors of each (default: 1)",
    )
    parser.add_argument(
        "--gpus-per-worker",
        type=float,
        metavar="X",
        help="with --workers: GPUs of each: 1, or a part such as .5 for two "
        "workers on one, or 0 (default: 1 where the cluster has GPUs)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Trains, and prints the metrics and the folder."""
    from camgr_tf.config import RUN_DEFAULTS
    from camgr_tf.config import resolve_config

    parameters = read_parameters(options.parameters, RUN_DEFAULTS)
    for name in SHARED:
        value = getattr(options, name)
        if value is not None and name in parameters:
            raise ValueError(f"`{name}` is given twice, once by -p {name}.")
        parameters.setdefault(name, value)
    config = resolve_config(**parameters)
    root = paths.output_root(options.output_root)
    if options.show:
        for name, value in config.to_dict().items():
            write(f"{name:24}{value}")
        write(f"{'folder':24}{root / config.run_id}")
        return
    of_ray = {
        "address": options.address,
        "cpus_per_worker": options.cpus_per_worker,
        "gpus_per_worker": options.gpus_per_worker,
    }
    of_ray = {n: value for n, value in of_ray.items() if value is not None}
    if options.workers == 1 and of_ray:
        name = f"--{min(of_ray).replace('_', '-')}"
        raise ValueError(f"{name} is an option of --workers, of two or more.")
    folder = root / config.run_id
    was_there = (folder / "metrics.json").is_file() and not options.overwrite
    arguments = {
        "output_root": root,
        "overwrite": options.overwrite,
        "progress": not options.quiet,
    }
    if options.workers > 1 and not was_there:
        from camgr_tf.training.ray_training import train_on_ray

        train_on_ray(config, options.workers, **arguments, **of_ray)
    else:
        from camgr_tf.training.runs import train

        train(config, **arguments)
    remark = " (from before; --overwrite trains anew)" if was_there else ""
    print_metrics(folder, remark)

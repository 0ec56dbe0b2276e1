"""Runs experiments: many trainings, and one table of them."""

import sys
from pathlib import Path

from camgr_tf import paths
from camgr_tf.cli.executor_options import add_executor
from camgr_tf.cli.executor_options import chosen_executor
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_parameters
from camgr_tf.cli.options import positive
from camgr_tf.cli.options import read_parameters

SUMMARY = "run experiments of the paper or of your own, resumable"
EXAMPLES = """
    camgr sweep --list
    camgr sweep table3 --dataset baby --seeds 3 --jobs 2
    camgr sweep my_grid.toml --dataset demo -p max_epochs 5
    camgr sweep race --dataset baby lfm2k --trials 20 --models mgcn camgr
    camgr sweep table3 --dataset baby --executor ray --cpus-per-run 4
    camgr sweep --status
    camgr report
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        help="a name that --list shows, or a .toml file of your own",
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--list", action="store_true", help="list the experiments"
    )
    modes.add_argument(
        "--status",
        action="store_true",
        help="show how many runs of each sweep are done",
    )
    modes.add_argument(
        "--collect",
        action="store_true",
        help="write the table of all sweeps that were started",
    )
    parser.add_argument(
        "--dataset",
        nargs="+",
        default=[],
        metavar="NAME",
        help="one or more folders below the data root",
    )
    parser.add_argument(
        "--seeds",
        type=positive,
        default=3,
        metavar="N",
        help="runs of each setting",
    )
    parser.add_argument(
        "--trials",
        type=positive,
        default=20,
        metavar="N",
        help="of each model of a race, on validation",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="models of a race (default: all of it)",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="runs at one time (default: 1; with --executor ray as many as "
        "the cluster has room for)",
    )
    add_parameters(parser, "a parameter of all runs")
    add_run_options(parser)
    add_data_root(parser)
    add_output_root(parser)


def add_run_options(parser):
    """Adds what `camgr sweep` and `camgr search` share."""
    parser.add_argument(
        "--note",
        action="append",
        default=[],
        metavar="TEXT",
        help="a remark under every table of these results; may be repeated",
    )
    parser.add_argument(
        "--no-notebook",
        action="store_true",
        help="train without keeping an executed notebook",
    )
    parser.add_argument(
        "--ignore-code",
        action="store_true",
        help="keep runs that other code made",
    )
    add_executor(parser)


def run(options):
    """Plans everything, refuses what is wrong, then runs what is missing."""
    options.output_root = paths.output_root(options.output_root)
    if options.list:
        return _list()
    if options.status:
        return _status(options)
    if options.collect:
        return collect(options.output_root)
    return _sweep(options)


def collect(output_root):
    """Writes the table of all sweeps in a folder and says where it is."""
    from camgr_tf.experiments.plan import FOLDER
    from camgr_tf.experiments.plan import read_plans
    from camgr_tf.experiments.results import collect_results
    from camgr_tf.experiments.results import write_results

    table = collect_results(read_plans(output_root), output_root)
    path = write_results(table, output_root / FOLDER)
    write(f"{len(table)} rows: {path} and {path.with_suffix('.csv').name}")


def print_failures(failed):
    """Prints the whole errors of runs that failed."""
    for run_id, error in failed.items():
        sys.stderr.write(f"\n{run_id} failed:\n{error}\n")


def _sweep(options):
    from camgr_tf.config import RUN_DEFAULTS
    from camgr_tf.experiments.definition import list_definitions
    from camgr_tf.experiments.definition import load_definition
    from camgr_tf.experiments.driver import Driver
    from camgr_tf.experiments.plan import make_plan
    from camgr_tf.experiments.plan import write_plan
    from camgr_tf.experiments.race import race

    if not options.experiments:
        raise ValueError(
            f"Name an experiment: {', '.join(list_definitions())}, or a .toml "
            "file of your own."
        )
    if not options.dataset:
        raise ValueError("Name a dataset: --dataset demo.")
    for names in (options.experiments, options.dataset):
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is given twice.")
    overrides = read_parameters(options.parameters, RUN_DEFAULTS)
    definitions = [load_definition(name) for name in options.experiments]
    races = [d for d in definitions if d.kind == "race"]
    if options.models and not races:
        raise ValueError("--models is an option of a race.")
    plans = [
        make_plan(
            definition,
            dataset,
            seeds=options.seeds,
            overrides=overrides,
            data_root=options.data_root,
            notes=options.note,
        )
        for definition in definitions
        if definition.kind != "race"
        for dataset in options.dataset
    ]
    with chosen_executor(options, options.dataset, options.jobs) as executor:
        driver_options = {
            "jobs": options.jobs or 1,
            "notebook": not options.no_notebook,
            "ignore_code": options.ignore_code,
            "executor": executor,
        }
        for plan in plans:
            write_plan(plan, options.output_root)
        failed = Driver(
            [trial for plan in plans for trial in plan.trials],
            options.output_root,
            **driver_options,
        ).run()
        for definition in races:
            for dataset in options.dataset:
                failed |= race(
                    definition,
                    dataset,
                    options.output_root,
                    num_trials=options.trials,
                    seeds=options.seeds,
                    models=options.models,
                    overrides=overrides,
                    data_root=options.data_root,
                    notes=options.note,
                    **driver_options,
                )
    collect(options.output_root)
    print_failures(failed)
    return 1 if failed else 0


def _status(options):
    from camgr_tf.experiments.plan import read_plans
    from camgr_tf.experiments.results import summarize_states

    names = [Path(name).stem for name in options.experiments]
    plans = [
        plan
        for plan in read_plans(options.output_root, names or None)
        if not options.dataset or plan.dataset in options.dataset
    ]
    table, errors = summarize_states(
        plans, options.output_root, options.ignore_code
    )
    write(table.to_string(index=False))
    print_failures(errors)


def _list():
    from camgr_tf.experiments.definition import list_definitions
    from camgr_tf.experiments.definition import load_definition

    for name in list_definitions():
        write(f"{name:14}{load_definition(name).title}")

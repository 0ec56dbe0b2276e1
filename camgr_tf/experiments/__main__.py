"""Experiments of the paper, and of your own, by one command each.

```
python -m camgr_tf.experiments list
python -m camgr_tf.experiments run table3 --dataset baby --seeds 3 --jobs 2
python -m camgr_tf.experiments run my_grid.toml --dataset demo -p max_epochs 5
python -m camgr_tf.experiments status
python -m camgr_tf.experiments collect
python -m camgr_tf.experiments report
python -m camgr_tf.experiments search mgcn --dataset baby --trials 20
```
"""

import argparse
import signal
import sys
from pathlib import Path

from camgr_tf import paths
from camgr_tf.arguments import parse_value
from camgr_tf.config import RUN_DEFAULTS
from camgr_tf.experiments.cell_process import NOTEBOOK
from camgr_tf.experiments.definition import list_definitions
from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.driver import Driver
from camgr_tf.experiments.plan import FOLDER
from camgr_tf.experiments.plan import make_plan
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.plan import write_plan
from camgr_tf.experiments.results import collect_results
from camgr_tf.experiments.results import summarize_states
from camgr_tf.experiments.results import write_results
from camgr_tf.experiments.search import search as search_model
from camgr_tf.notebook_runner import read_parameters
from camgr_tf.reporting.report import write_report

INTERRUPTED = 130


def main(arguments=None):
    """Command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.command(options)
    except (FileNotFoundError, ImportError, ValueError) as error:
        _write(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        _write("Interrupted. The same command continues.")
        return INTERRUPTED


def run(options):
    """Plans everything, refuses what is wrong, then runs what is missing."""
    plans = [
        make_plan(
            load_definition(name),
            dataset,
            seeds=options.seeds,
            overrides=dict(_values(options.p)),
            data_root=options.data_root,
            notes=options.note,
        )
        for name in options.experiments
        for dataset in options.dataset
    ]
    names = [plan.name for plan in plans]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Experiment {name!r} is given twice.")
    if not options.no_notebook:
        check_parameters(plans)
    for plan in plans:
        write_plan(plan, options.output_root)
    failed = Driver(
        [cell for plan in plans for cell in plan.cells],
        options.output_root,
        jobs=options.jobs,
        notebook=not options.no_notebook,
        ignore_code=options.ignore_code,
    ).run()
    collect(options)
    for run_id, error in failed.items():
        _write(f"\n{run_id} failed:\n{error}")
    return 1 if failed else 0


def check_parameters(plans):
    """Refuses parameters that the training notebook does not have.

    Args:
        plans: List of `Plan`.

    Raises:
        ValueError: If there is one.
    """
    known = set(read_parameters(NOTEBOOK))
    for plan in plans:
        for cell in plan.cells:
            unknown = sorted(set(cell.parameters) - known)
            if unknown:
                raise ValueError(
                    f"Experiment {plan.name!r}, {cell.label!r}: "
                    f"{NOTEBOOK.name} has no parameter {', '.join(unknown)}. "
                    "Add it to the notebook, or run with --no-notebook."
                )


def status(options):
    """Shows how many cells of each sweep are done."""
    plans = _plans(options)
    table, errors = summarize_states(
        plans, options.output_root, options.ignore_code
    )
    _write(table.to_string(index=False))
    for run_id, error in errors.items():
        _write(f"\n{run_id} failed:\n{error}")
    return 0


def collect(options):
    """Writes the table of all sweeps that were started."""
    plans = read_plans(options.output_root)
    table = collect_results(plans, options.output_root)
    path = write_results(table, options.output_root / FOLDER)
    _write(f"{len(table)} rows: {path} and {path.with_suffix('.csv').name}")
    return 0


def report(options):
    """Writes tables, figures and one HTML page from the results alone."""
    path = write_report(
        options.output_root,
        options.to or options.output_root / "report",
        [Path(name).stem for name in options.experiments] or None,
        options.dataset[0] if options.dataset else None,
        options.add,
    )
    _write(f"{path}, with tables/ and figures/ beside it")
    return 0


def search(options):
    """Searches a model's declared ranges, on validation alone."""
    study = search_model(
        options.model,
        options.dataset,
        options.output_root,
        num_trials=options.trials,
        seed=options.seed,
        space=dict(_values(options.space)) or None,
        overrides=dict(_values(options.p)),
        data_root=options.data_root,
        notes=options.note,
        jobs=1,
        notebook=not options.no_notebook,
        ignore_code=options.ignore_code,
    )
    collect(options)
    _write(f"validation Recall@20 {study.best_value:.4f}: {study.best_params}")
    return 0


def show(options):
    """Lists the experiments of the package."""
    for name in list_definitions():
        _write(f"{name:10} {load_definition(name).title}")
    return 0


def _plans(options):
    names = [Path(name).stem for name in options.experiments]
    dataset = options.dataset[0] if options.dataset else None
    return read_plans(options.output_root, names or None, dataset)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, command, **arguments):
        added = commands.add_parser(
            name, help=command.__doc__, description=command.__doc__
        )
        added.set_defaults(command=command)
        added.add_argument(
            "--output-root",
            type=lambda text: Path(text).resolve(),
            default=paths.output_root(),
            help="folder of all runs",
        )
        return added

    add("list", show)
    added = add("run", run)
    added.add_argument("experiments", nargs="+", metavar="EXPERIMENT")
    added.add_argument("--dataset", nargs="+", required=True)
    added.add_argument("--seeds", type=int, default=3)
    _add_run_options(added)
    added.add_argument(
        "--jobs", type=int, default=1, help="cells that run at one time"
    )
    added = add("status", status)
    _add_selection(added)
    added.add_argument("--ignore-code", action="store_true")
    add("collect", collect)
    added = add("report", report)
    _add_selection(added)
    added.add_argument("--to", type=Path, help="folder of the report")
    added.add_argument(
        "--add",
        type=Path,
        help="folder of another report, such as that of another machine: its "
        "runs count for these sweeps where they are planned and not made "
        "here, and its other experiments are added to results.csv and "
        "significance.csv",
    )
    added = add("search", search)
    added.add_argument("model", help="one of `camgr_tf.registry.MODELS`")
    added.add_argument("--dataset", required=True)
    added.add_argument("--trials", type=int, default=20)
    added.add_argument("--seed", type=int, default=0)
    added.add_argument(
        "--space",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUES"),
        help="a range in place of the model's, such as '[0.1, 0.2]'",
    )
    _add_run_options(added)
    return parser


def _add_run_options(parser):
    parser.add_argument("--data-root", help="folder of the datasets")
    parser.add_argument(
        "--note",
        action="append",
        default=[],
        help="a remark under every table of these results",
    )
    parser.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="a parameter of all cells",
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


def _add_selection(parser):
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT")
    parser.add_argument("--dataset", nargs=1)


def _values(pairs):
    seen = set()
    for name, text in pairs:
        if name in seen:
            raise ValueError(f"-p {name} is given twice.")
        seen.add(name)
        yield name, parse_value(text, RUN_DEFAULTS.get(name))


def _write(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

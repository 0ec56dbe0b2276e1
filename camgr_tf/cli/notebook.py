"""Runs notebooks headless, with checked parameters."""

import time

from camgr_tf import paths
from camgr_tf.cli.metrics_text import print_metrics
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_parameters
from camgr_tf.cli.options import read_parameters
from camgr_tf.near_names import near_names

SUMMARY = "run notebooks headless and keep the executed copies"
EXAMPLES = """
    camgr notebook 05_training -p dataset baby -p model mgcn -p num_layers 3
    camgr notebook 01_data 02_purification -p dataset demo
    camgr notebook all -p dataset demo
"""

# More runs than these are not printed one by one.
MAX_RUNS = 4


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "notebooks",
        nargs="+",
        metavar="NAME",
        help="such as 05_training, or `all`",
    )
    add_parameters(parser, "a parameter, for each of the notebooks that has it")
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Runs one after the other; prints what their runs measured."""
    from camgr_tf import notebook_runner

    chosen = find_notebooks(options.notebooks)
    known = {path: notebook_runner.read_parameters(path) for path in chosen}
    parameters = _read_parameters(options, known)
    # All of them before the first one runs, perhaps for hours.
    chosen = {
        path: notebook_runner.nest_parameters(path, own)
        for path, own in _divide(parameters, known).items()
    }
    root = options.output_root
    started = time.time()
    runs = []
    for path, own in chosen.items():
        write(path.name)
        output = root / "notebooks" / path.name
        _execute(path, output, own)
        for folder in notebook_runner.announced_runs(output):
            if folder not in runs and (folder / "metrics.json").is_file():
                runs.append(folder)
    write(f"\nExecuted notebooks: {root / 'notebooks'}")
    write(f"Figures:            {root / 'figures'}")
    write(f"Time:               {time.time() - started:.0f} s")
    _print_runs(runs, started)


def _print_runs(runs, started):
    """What a few runs measured, and how several are compared."""
    for folder in runs if len(runs) <= MAX_RUNS else ():
        is_new = (folder / "metrics.json").stat().st_mtime >= started
        write()
        print_metrics(folder, "" if is_new else " (from before)")
    if len(runs) > 1:
        names = " ".join(str(folder) for folder in runs[:MAX_RUNS])
        which = f"the first {MAX_RUNS} of " if len(runs) > MAX_RUNS else ""
        write(f"\nTo compare {which}{len(runs)} runs:\ncamgr compare {names}")


def find_notebooks(names):
    """Paths of notebooks.

    Args:
        names: List of strings, with or without `.ipynb`, or `["all"]`.

    Returns:
        List of paths.

    Raises:
        FileNotFoundError: If there is no such notebook.
    """
    folder = paths.notebooks_folder()
    there = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if names == ["all"]:
        return [path for name, path in there.items() if name[0].isdigit()]
    chosen = []
    for name in names:
        stem = name.rpartition("/")[2].removesuffix(".ipynb")
        if stem not in there:
            raise FileNotFoundError(
                f"There is no notebook {name!r}{near_names(stem, there)}; "
                f"there are {', '.join(there)}."
            )
        chosen.append(there[stem])
    return chosen


def _read_parameters(options, known):
    """`-p`, checked, with the two roots for those that take them."""
    from camgr_tf.notebook_runner import HYPERPARAMETERS
    from camgr_tf.registry import find_model

    defaults = {n: v for names in known.values() for n, v in names.items()}
    parameters = read_parameters(options.parameters, defaults)
    takes_any = any(HYPERPARAMETERS in names for names in known.values())
    for name in parameters:
        if name not in defaults and not takes_any:
            raise ValueError(
                f"No notebook of {', '.join(path.stem for path in known)} has "
                f"a parameter {name!r}{near_names(name, defaults)}; they have "
                f"{', '.join(sorted(defaults))}."
            )
    if options.output_root and "output_root" in parameters:
        raise ValueError("`output_root` is given twice, once by -p.")
    if options.data_root and "data_root" in parameters:
        raise ValueError("`data_root` is given twice, once by -p.")
    root = options.output_root or parameters.get("output_root")
    options.output_root = paths.output_root(root)
    parameters["output_root"] = str(options.output_root)
    if options.data_root:
        parameters["data_root"] = str(options.data_root)
    if parameters.get("model") is not None:
        find_model(parameters["model"])
    return parameters


def _divide(parameters, known):
    """The parameters of each notebook.

    Those that no `parameters` cell has are the model's: they go to notebooks
    that take a model's.
    """
    from camgr_tf.notebook_runner import HYPERPARAMETERS

    shared = {name for names in known.values() for name in names}
    return {
        path: {
            name: value
            for name, value in parameters.items()
            if name in names or HYPERPARAMETERS in names and name not in shared
        }
        for path, names in known.items()
    }


def _execute(path, output, parameters):
    from papermill.exceptions import PapermillExecutionError

    from camgr_tf.notebook_runner import run_notebook

    try:
        run_notebook(path, output, parameters, live_output=True)
    except PapermillExecutionError as error:
        failed = output.with_suffix(".failed.ipynb")
        if error.ename not in ("FileNotFoundError", "ValueError"):
            raise
        raise ValueError(
            f"{path.name}, cell {error.exec_count}: "
            f"{error.evalue.rstrip('.')}. The notebook with the error is "
            f"{failed}."
        ) from error

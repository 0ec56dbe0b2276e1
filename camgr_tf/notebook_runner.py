"""Runs the notebooks headless, by papermill, with checked parameters.

papermill only warns of a parameter that a notebook does not have, and says
nothing of one that no cell reads. Here both are errors, before anything runs.
"""

import ast
import shutil
import sys
from pathlib import Path

from camgr_tf import paths
from camgr_tf.config import model_arguments
from camgr_tf.near_names import near_names
from camgr_tf.staged_file import staged_file

try:
    import nbformat
    import papermill
    from IPython.display import display
except ImportError as error:
    raise ImportError(
        "Notebooks need papermill: pip install 'camgr_tf[notebooks]'."
    ) from error

# The parameter that takes the arguments of a notebook's model.
HYPERPARAMETERS = "hyperparameters"
RUN_MIME = "application/vnd.camgr-tf.run"


def read_parameters(path):
    """Names and default values in a notebook's `parameters` cell.

    Args:
        path: Path of the notebook.

    Returns:
        Dictionary from a parameter's name to its default.

    Raises:
        ValueError: If there is not exactly one such cell, if it holds
            anything but one `name = value` a line, or if a parameter is read
            by no other cell.
    """
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    tagged = [c for c in notebook.cells if "parameters" in _tags(c)]
    if len(tagged) != 1:
        raise ValueError(
            f"{path} must have one cell tagged `parameters`. "
            f"Received: {len(tagged)}"
        )
    parameters = {}
    for statement in ast.parse(tagged[0].source).body:
        name = _assigned_name(statement)
        if name is None:
            raise ValueError(
                f"{path}: the `parameters` cell must hold one `name = value` "
                f"a line. Received: {ast.unparse(statement)!r}"
            )
        parameters[name] = ast.literal_eval(statement.value)
    read = set()
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell is not tagged[0]:
            read |= _names_read(cell.source)
    unread = sorted(set(parameters) - read)
    if unread:
        raise ValueError(
            f"{path}: no cell reads the parameters {', '.join(unread)}."
        )
    return parameters


def run_notebook(
    path, output, parameters=None, progress=True, live_output=False
):
    """Executes a notebook with parameters and keeps the executed copy.

    The copy is kept in the folder of each run that the notebook shows, too.
    A notebook that fails leaves its copy, with the error in it, as
    `<output>.failed.ipynb`.

    Args:
        path: Path of the notebook.
        output: Path of the executed copy.
        parameters: Dictionary. Replaces defaults of the `parameters` cell.
            Where that has `hyperparameters`, a dictionary, arguments of its
            `model` may be given like any other and are put there. Defaults
            to `None`: no replacement.
        progress: Boolean. Whether papermill shows its bar. Defaults to
            `True`.
        live_output: Boolean. Whether what cells print is shown as it comes.
            Defaults to `False`.

    Returns:
        Path of the executed copy.

    Raises:
        ValueError: For a parameter that neither the notebook nor its model
            has.
        papermill.PapermillExecutionError: If a cell raises.
    """
    path, output = Path(path), Path(output)
    if not path.is_file():
        raise FileNotFoundError(f"There is no notebook {path}.")
    parameters = nest_parameters(path, parameters or {})
    failed = output.with_suffix(".failed.ipynb")
    failed.unlink(missing_ok=True)
    with staged_file(output) as staging:
        try:
            papermill.execute_notebook(
                str(path),
                str(staging),
                parameters=parameters,
                cwd=str(paths.working_root()),
                progress_bar=progress,
                stdout_file=sys.stdout if live_output else None,
                stderr_file=sys.stderr if live_output else None,
                # Its kernel warns each time that it speaks over TCP.
                extra_arguments=["--log-level=40"],
            )
        except BaseException:
            if staging.is_file():
                staging.replace(failed)
            raise
    for folder in announced_runs(output):
        with staged_file(folder / "notebooks" / path.name) as copy:
            shutil.copyfile(output, copy)
    return output


def nest_parameters(path, parameters):
    """Flat parameters as a notebook has them, checked.

    Args:
        path: Path of the notebook.
        parameters: Dictionary as of `run_notebook`.

    Returns:
        Dictionary; arguments of the model are in `hyperparameters`.

    Raises:
        ValueError: For a parameter that neither the notebook nor its model
            has, or a model that is not there.
    """
    known = read_parameters(path)
    others = {n: v for n, v in parameters.items() if n not in known}
    has = set(known)
    if others and HYPERPARAMETERS in known:
        model = parameters.get("model") or known.get("model")
        has |= set(model_arguments(model))
    unknown = sorted(set(others) - has)
    if unknown:
        raise ValueError(
            f"{path.name} has no parameter {', '.join(unknown)}"
            f"{near_names(unknown[0], has)}. It has {', '.join(sorted(has))}."
        )
    if others:
        given = {**(parameters.get(HYPERPARAMETERS) or {}), **others}
        parameters = {n: v for n, v in parameters.items() if n in known}
        parameters[HYPERPARAMETERS] = given
    return dict(parameters)


def announce_run(folder):
    """Says in a notebook which run it shows.

    `run_notebook` reads it and keeps the executed copy in the run's folder.

    Args:
        folder: Path of `outputs/<run_id>`.
    """
    display({RUN_MIME: str(folder), "text/plain": str(folder.name)}, raw=True)


def announced_runs(path):
    """Folders of the runs that an executed notebook shows.

    Args:
        path: Path of the executed notebook.

    Returns:
        List of paths.
    """
    notebook = nbformat.read(path, as_version=4)
    return [
        Path(output["data"][RUN_MIME])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if RUN_MIME in output.get("data", {})
    ]


def _tags(cell):
    return cell.metadata.get("tags", [])


def _assigned_name(statement):
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) else None


def _names_read(source):
    lines = [line for line in source.splitlines() if line[:1] not in ("%", "!")]
    return {
        node.id
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }

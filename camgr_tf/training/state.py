"""Arrays of a model and its optimizer, in and out of files.

Plain `.npz` archives: readable without this package, and nothing in them is
ever executed.
"""

import json
import zipfile

import numpy as np

from camgr_tf.staged_file import staged_file


def model_weights(model):
    """All weights by their path.

    Args:
        model: A built Keras model.

    Returns:
        Dictionary from `variable.path` to `keras.Variable`.

    Raises:
        ValueError: If two weights have the same path.
    """
    weights = {}
    for variable in model.weights:
        if variable.path in weights:
            raise ValueError(
                f"Two weights of {type(model).__name__} are named "
                f"{variable.path!r}; a saved file could not tell them apart."
            )
        weights[variable.path] = variable
    return weights


def training_state(model, optimizer):
    """All variables that the next step depends on, by position and path.

    Args:
        model: A built Keras model.
        optimizer: Its built optimizer.

    Returns:
        Dictionary from a unique name to `keras.Variable`: weights, states of
        random generators, moments and step count.
    """
    metrics = {id(v) for v in model.metrics_variables}
    variables = [v for v in model.variables if id(v) not in metrics]
    variables = {id(v): v for v in [*variables, *optimizer.variables]}
    return {
        f"{index}:{variable.path}": variable
        for index, variable in enumerate(variables.values())
    }


def save_arrays(path, arrays, description=None):
    """Writes arrays, and a JSON-like description, into one file.

    Args:
        path: Path of the `.npz` file.
        arrays: Dictionary from a name to an array or variable.
        description: Dictionary of plain values, or `None`. Defaults to
            `None`.
    """
    values = {name: np.asarray(array) for name, array in arrays.items()}
    if description is not None:
        values["description"] = np.array(json.dumps(description))
    with staged_file(path) as staging:
        np.savez(staging, **values)


def load_arrays(path):
    """Reads what `save_arrays` wrote.

    Args:
        path: Path of the `.npz` file.

    Returns:
        Tuple of the dictionary of arrays and the description, `None` where
        there is none.

    Raises:
        ValueError: If the file is cut short or is no archive of arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(
            f"{path} is cut short or is no archive of arrays: {error}"
        ) from error
    description = arrays.pop("description", None)
    if description is not None:
        description = json.loads(str(description))
    return arrays, description


def assign_arrays(variables, arrays, path):
    """Fills variables, after checking that all fit.

    Args:
        variables: Dictionary from a name to `keras.Variable`.
        arrays: Dictionary from a name to an array.
        path: The file that `arrays` come from, for the error.

    Raises:
        ValueError: If a name is missing or left over, or a shape differs.
            Nothing is assigned then.
    """
    missing = sorted(set(variables) - set(arrays))
    left_over = sorted(set(arrays) - set(variables))
    if missing or left_over:
        raise ValueError(
            f"{path} does not fit the model of its configuration: missing "
            f"{missing[:3]}, left over {left_over[:3]}."
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise ValueError(
                f"{path}: {name} has shape {arrays[name].shape}, the model "
                f"expects {tuple(variable.shape)}."
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])

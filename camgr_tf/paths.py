"""Where data are read and runs are written, when nobody says otherwise."""

import os
from pathlib import Path


def clone_root(start=None):
    """The clone of the project that a folder lies in.

    Args:
        start: Path. Defaults to `None`: the working directory.

    Returns:
        Path of the nearest folder, `start` or above, that has both
        `camgr_tf/` and `notebooks/`; `None` outside a clone.
    """
    start = Path(start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if all((folder / n).is_dir() for n in ("camgr_tf", "notebooks")):
            return folder
    return None


def working_root():
    """The clone around the working directory, else the directory itself."""
    return clone_root() or Path.cwd()


def data_root(option=None):
    """The folder of the datasets.

    Args:
        option: Path, as a user gave it. Defaults to `None`: the environment
            variable `CAMGR_DATA`, else `data` in the clone or the working
            directory.

    Returns:
        Absolute path.
    """
    return _folder(option, "CAMGR_DATA", "data")


def output_root(option=None):
    """The folder of all runs.

    Args:
        option: Path, as a user gave it. Defaults to `None`: the environment
            variable `CAMGR_OUTPUTS`, else `outputs` in the clone or the
            working directory.

    Returns:
        Absolute path.
    """
    return _folder(option, "CAMGR_OUTPUTS", "outputs")


def notebooks_folder():
    """The notebooks: the clone's, else those that were installed.

    Returns:
        Absolute path.

    Raises:
        FileNotFoundError: If the installation has none.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parent / "notebooks", package / "notebooks"):
        if (folder / "05_training.ipynb").is_file():
            return folder
    raise FileNotFoundError(
        f"This installation of camgr_tf has no notebooks: {package}/notebooks "
        "is missing. Install the project's wheel, or run in a clone."
    )


def python_path():
    """`PYTHONPATH` by which a new process imports this very package.

    Returns:
        String: the folder that holds the package, then what the variable
        has in this process.
    """
    package = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join(
        filter(None, [package, os.environ.get("PYTHONPATH")])
    )


def absolute(path):
    """A user's path as it is meant now: `~` expanded, from `/`."""
    return Path(os.path.abspath(Path(path).expanduser()))


def _folder(option, variable, name):
    given = option or os.environ.get(variable)
    return absolute(given) if given else working_root() / name

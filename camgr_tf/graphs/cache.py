import os
import warnings
from pathlib import Path

import numpy as np

from camgr_tf.staged_file import staged_file


def cache_folder():
    """The folder where models keep graphs that are costly to compute.

    `CAMGR_CACHE` names it; set to nothing, `CAMGR_CACHE=`, it switches the
    cache off. Without the variable it is `camgr_tf` in `XDG_CACHE_HOME` or
    `~/.cache`. Files there are named by a hash of all that they depend on and
    may be removed at any time.

    Returns:
        Path of the folder, made where missing; `None` if the cache is off or
        the folder cannot be written, which is warned of.
    """
    named = os.environ.get("CAMGR_CACHE")
    if named == "":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(named) if named else Path(base) / "camgr_tf"
    try:
        folder = folder.expanduser()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # the latter: nobody's home
        warnings.warn(
            f"Item graphs are not cached: {folder} cannot be made ({error}). "
            "Set CAMGR_CACHE to another folder, or to nothing.",
            stacklevel=2,
        )
        return None
    return folder


def read_neighbors(path, shape):
    """Neighbors that were kept, if they can be read.

    Args:
        path: Path of the file.
        shape: Tuple `(num_items, num_neighbors)`.

    Returns:
        Tuple `(indices, similarities)`, int32 and float32 of that shape.
        `None` if there is no such file, or none that is whole and fits,
        which is warned of.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            indices, similarities = stored["indices"], stored["similarities"]
        _check(indices, similarities, shape)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever zipfile says of odd bytes
        warnings.warn(
            f"The item graph in {path} cannot be read "
            f"({_describe(error)}); it is computed again.",
            stacklevel=4,
        )
        return None
    return indices, similarities


def keep_neighbors(path, indices, similarities):
    """Keeps neighbors for the next time; where it cannot, warns.

    Args:
        path: Path of the file.
        indices: int32 array of shape `(num_items, num_neighbors)`.
        similarities: float32 array of that shape.
    """
    try:
        with staged_file(path) as temporary:
            np.savez(temporary, indices=indices, similarities=similarities)
    except OSError as error:
        warnings.warn(
            f"The item graph is not cached in {path.parent} "
            f"({_describe(error)}); it will be computed again. Set "
            "CAMGR_CACHE to another folder, or to nothing.",
            stacklevel=4,
        )


def _check(indices, similarities, shape):
    for name, values, dtype in (
        ("indices", indices, "int32"),
        ("similarities", similarities, "float32"),
    ):
        if values.shape != shape or values.dtype != dtype:
            raise ValueError(
                f"{name} of {values.shape} and {values.dtype} in place of "
                f"{shape} and {dtype}"
            )
    if indices.size and not 0 <= indices.min() <= indices.max() < shape[0]:
        raise ValueError(f"an index outside 0..{shape[0] - 1}")


def _describe(error):
    return str(error) or type(error).__name__

import os
import warnings
from pathlib import Path


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
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(named) if named else Path(base) / "camgr_tf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        warnings.warn(
            f"Item graphs are not cached: {folder} cannot be made ({error}). "
            "Set CAMGR_CACHE to another folder.",
            stacklevel=2,
        )
        return None
    return folder

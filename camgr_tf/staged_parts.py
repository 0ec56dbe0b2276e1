"""Writes a folder of part files whole, or not at all."""

import contextlib
import os
import shutil
from pathlib import Path

from camgr_tf.folder_lock import folder_lock
from camgr_tf.replaced_folder import replace_folder


@contextlib.contextmanager
def staged_parts(target):
    """Gives a temporary folder whose `parts/` becomes `target` at the end.

    The temporary folder is a hidden sibling of `target`, held by a lock while
    the `with` block lasts, and removed behind it with all that is in it. What
    a killed process left behind is removed when `target` is next written.

    Args:
        target: Path of the folder to write. The folder that it lies in is
            made where missing.

    Yields:
        Path of the temporary folder, which has an empty folder `parts`.

    Raises:
        OSError: As of `check_parts`.
    """
    target = Path(target)
    check_parts(target)
    with parts_folder(target) as staging:
        yield staging
        parts = staging / "parts"
        # What workers began that were killed.
        for path in parts.glob(".*"):
            path.unlink()
        replace_folder(parts, target, staging / "replaced")


@contextlib.contextmanager
def parts_folder(target):
    """Gives a temporary folder for the parts that a file is joined from.

    As of `staged_parts`, but nothing becomes `target`.

    Args:
        target: Path of the file or folder that the parts are for. The folder
            that it lies in is made where missing.

    Yields:
        Path of the temporary folder, which has an empty folder `parts`.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    staging = target.with_name(
        f"{_prefix(target)}{os.getpid()}-{os.urandom(4).hex()}"
    )
    with folder_lock(staging):
        try:
            (staging / "parts").mkdir()
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def staged_part(path):
    """Gives a temporary path that becomes the part if all goes well.

    A part that another worker, killed since, had begun is begun again. Of a
    folder that is gone, with the process that wanted the parts, none is made
    again.

    Args:
        path: Path of the part, in `parts` of the temporary folder.

    Yields:
        The temporary path, with the suffix of `path`.
    """
    staging = path.with_name(f".{os.urandom(4).hex()}-{path.name}")
    yield staging
    os.replace(staging, path)


def check_parts(target):
    """Refuses a path that no folder of part files can be written to.

    Args:
        target: Path, perhaps not there yet.

    Raises:
        NotADirectoryError: If it is a file, or lies in one.
        FileExistsError: If it is a folder with anything but part files.
    """
    target = Path(target)
    for path in (target, *target.parents):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(
                f"{path} is a file, and no folder. Remove it, or choose "
                "another place."
            )
    if target.is_dir():
        others = sorted(
            path.name
            for path in target.iterdir()
            if not path.match("part-*.parquet")
        )
        if others:
            raise FileExistsError(
                f"{target} is not replaced: it holds {others[0]!r}, which is "
                "no part file. Remove it, or choose another place."
            )


def _prefix(target):
    return f".{target.name}.partial-"


def _remove_abandoned(target):
    """Removes temporary folders whose process has ended."""
    for path in target.parent.iterdir():
        if path.name.startswith(_prefix(target)):
            with folder_lock(path) as holder:
                if holder is None:
                    shutil.rmtree(path, ignore_errors=True)

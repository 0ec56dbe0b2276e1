"""Writes a file whole, or not at all."""

import contextlib
import os
import socket
from pathlib import Path


@contextlib.contextmanager
def staged_file(path):
    """Gives a temporary path that becomes `path` if all goes well.

    The temporary file is a hidden sibling of `path`, renamed at the end of
    the `with` block and removed if the block raises. A reader sees the old
    file or the new one, also if the process is killed; what a killed process
    left behind is removed when `path` is next written on its host.

    Args:
        path: Path of the file to write. Its folder is made where missing.

    Yields:
        The temporary path, with the suffix of `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    # On a shared path a process id means a process of its host alone.
    owner = f"{socket.gethostname()}-{os.getpid()}"
    staging = path.with_name(f".{owner}-{path.name}")
    try:
        yield staging
        os.replace(staging, path)
    finally:
        staging.unlink(missing_ok=True)


def _remove_abandoned(path):
    """Removes temporary files of `path` that ended processes left here."""
    for staging in path.parent.glob(f".*-{path.name}"):
        owner = staging.name[1:].removesuffix(f"-{path.name}")
        host, _, process = owner.rpartition("-")
        own = host == socket.gethostname() and process.isdigit()
        if own and not _is_running(int(process)):
            staging.unlink(missing_ok=True)


def _is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True

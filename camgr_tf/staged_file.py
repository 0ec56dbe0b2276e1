"""Writes a file whole, or not at all."""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def staged_file(path):
    """Gives a temporary path that becomes `path` if all goes well.

    The temporary file is a hidden sibling of `path`, renamed at the end of
    the `with` block and removed if the block raises. A reader sees the old
    file or the new one, also if the process is killed.

    Args:
        path: Path of the file to write. Its folder is made where missing.

    Yields:
        The temporary path, with the suffix of `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield staging
        os.replace(staging, path)
    finally:
        staging.unlink(missing_ok=True)

"""Holds a folder against other processes."""

import contextlib
import fcntl
import json
import os
import socket
import time


@contextlib.contextmanager
def folder_lock(folder, name=".lock"):
    """Holds a folder, unless another process does.

    The operating system lets go of the lock when its holder dies, however it
    does.

    Args:
        folder: Path; made where missing.
        name: String. The file that is locked. Defaults to `".lock"`.

    Yields:
        `None` if the folder is held, else a string that names its holder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / name, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield _read_holder(handle)
        else:
            os.ftruncate(handle, 0)
            os.pwrite(handle, _describe_holder().encode(), 0)
            yield None
    finally:
        os.close(handle)


def _describe_holder():
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps(
        {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    )


def _read_holder(handle):
    try:
        holder = json.loads(os.pread(handle, 1000, 0))
        return "process {pid} on {host}, since {since}".format(**holder)
    except (ValueError, KeyError, TypeError):
        return "another process"

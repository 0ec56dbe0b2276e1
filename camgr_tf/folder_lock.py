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
    with _opened(folder, name) as handle:
        yield None if _hold(handle) else _read_holder(handle)


@contextlib.contextmanager
def waiting_lock(folder, name=".lock", interval=0.05):
    """Holds a folder as soon as no other process does.

    Args:
        folder: Path; made where missing.
        name: String. The file that is locked. Defaults to `".lock"`.
        interval: Float. Seconds between two tries. Defaults to `0.05`.

    Yields:
        Integer, the descriptor of the locked file. A process that inherits
        it holds the folder too, until it ends.
    """
    with _opened(folder, name) as handle:
        while not _hold(handle):
            time.sleep(interval)
        yield handle


@contextlib.contextmanager
def _opened(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / name, os.O_RDWR | os.O_CREAT)
    try:
        yield handle
    finally:
        os.close(handle)


def _hold(handle):
    """Locks the file and writes who does; `False` if another one does."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    os.ftruncate(handle, 0)
    os.pwrite(handle, _describe_holder().encode(), 0)
    return True


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

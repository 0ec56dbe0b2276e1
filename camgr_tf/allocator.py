"""How this process asks the system for memory."""

import ctypes
import sys

# From malloc.h of the GNU C library.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4
M_ARENA_MAX = -8


def keep_freed_memory():
    """Lets the GNU C library keep freed memory for the next step.

    By default every large tensor is mapped from the system and given back
    when it is freed, and each training step pays for clearing the same pages
    again: on Amazon Baby 40 % of an epoch of CAmgr on one thread. Memory is
    returned at exit only. Ranking all users of Baby peaked at 935 MB with
    this setting and at 964 MB without; inside Jupyter kernels, whose threads
    exist before it, peaks are higher.

    Returns:
        Boolean. Whether the setting was made; false outside Linux with the
        GNU C library, where nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = {
        M_ARENA_MAX: 1,
        M_MMAP_MAX: 0,
        M_TRIM_THRESHOLD: 2**31 - 1,
        M_TOP_PAD: 64 * 2**20,
    }
    return all([mallopt(name, value) == 1 for name, value in settings.items()])

"""Tells a user's mistake from a fault of the program, and says it."""

import contextlib
import dis
import logging
import signal
import sys
import threading
import warnings
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def is_mistake(error):
    """Whether an error is about what was asked for, not about the program.

    Those of the operating system (a file that is missing, a folder that
    cannot be written, a full disk) are, and those that a `raise` of this
    package speaks of. Whatever else goes wrong keeps its traceback.

    Args:
        error: Exception that was caught.

    Returns:
        Boolean.
    """
    if isinstance(error, OSError):
        return True
    if isinstance(error, (AssertionError, NotImplementedError)):
        return False
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    code = last.tb_frame.f_code
    operation = dis.opname[code.co_code[last.tb_lasti]]
    own = PACKAGE in Path(code.co_filename).parents
    return own and operation == "RAISE_VARARGS"


def one_line(error):
    """The message of an error in one line, in words of the command line.

    Args:
        error: Exception.

    Returns:
        String.
    """
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}"
        if isinstance(error, FileExistsError):
            text = f"{error.filename} is there and is no folder"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ended = [n if n[-1] in ".:;,?!" else f"{n};" for n in lines[:-1]]
    text = " ".join([*ended, *lines[-1:]])
    for python, option in (
        ("Pass `overwrite=True` (`--overwrite`)", "Give --overwrite"),
        ("overwrite=True", "--overwrite"),
        ("pass `use_images=False` (`--no-images`)", "give --no-images"),
        ("split='cold_items'", "-p split cold_items"),
        ("`data_root`", "--data-root"),
        ("another output_root", "another --output-root"),
    ):
        text = text.replace(python, option)
    return text


@contextlib.contextmanager
def reporting(prog):
    """Shows the package's log and all warnings as plain lines.

    Both go to standard error. `SIGTERM` interrupts like Ctrl-C.

    Args:
        prog: String. The command's name, before each warning.
    """

    def show_warning(message, *_, **__):
        sys.stderr.write(f"{prog}: warning: {one_line(message)}\n")

    logger = logging.getLogger("camgr_tf")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with _termination_interrupts(), warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = show_warning
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextlib.contextmanager
def _termination_interrupts():
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""Checks that another machine sees the folders of this one."""

import contextlib
import uuid

from camgr_tf.folder_lock import folder_lock


@contextlib.contextmanager
def token(folder):
    """Puts a file into a folder for as long as others look for it.

    It is locked, so that they see whether they share locks as well.

    Args:
        folder: Path; made where missing.

    Yields:
        String, the file's name.
    """
    name = f".token-{uuid.uuid4().hex}"
    with folder_lock(folder, name):
        try:
            yield name
        finally:
            (folder / name).unlink()


def folder_fault(folder, name):
    """What is wrong with a folder, as another machine sees it.

    Args:
        folder: Path.
        name: String, of the `token` that its owner holds.

    Returns:
        String; `""` if nothing is.
    """
    if not (folder / name).is_file():
        return f"{folder} is missing, or is another folder"
    try:
        with folder_lock(folder, name) as holder:
            if holder is None:
                return f"the locks of others in {folder} are not seen"
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror})"
    return ""


def file_sizes(folder):
    """What tells a folder of data from another one at a glance.

    Args:
        folder: Path.

    Returns:
        Dictionary from the names of its files to their sizes in bytes; empty
        if there is no such folder.
    """
    if not folder.is_dir():
        return {}
    return {f.name: f.stat().st_size for f in folder.iterdir() if f.is_file()}


def data_fault(folder, sizes):
    """What is wrong with a folder of data, as another machine sees it.

    Args:
        folder: Path.
        sizes: Dictionary, `file_sizes` of its owner.

    Returns:
        String; `""` if nothing is.
    """
    seen = file_sizes(folder)
    if not seen:
        return f"{folder} is missing"
    different = {n for n in {*seen, *sizes} if seen.get(n) != sizes.get(n)}
    if different:
        return f"{folder} has another {min(different)}"
    return ""

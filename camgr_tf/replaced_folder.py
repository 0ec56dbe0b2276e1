"""Puts a whole folder in the place of an older one."""

import os


def replace_folder(folder, target, retired):
    """Renames a folder to `target`; the older one is kept until it has.

    Args:
        folder: Path of a folder on the same file system.
        target: Path, perhaps of a folder.
        retired: Path that does not exist. The older folder, if there is one,
            is there in the end, for the caller to remove.

    Raises:
        OSError: If a folder cannot be renamed; the older one then stays.
    """
    if not target.exists():
        os.rename(folder, target)
        return
    os.rename(target, retired)
    try:
        os.rename(folder, target)
    except OSError:
        os.rename(retired, target)
        raise

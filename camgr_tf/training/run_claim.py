"""One process at a time writes a run's folder."""

import contextlib

from camgr_tf.folder_lock import folder_lock

# What a training continues from, or what says that it has ended.
REMAINS = ("checkpoint.npz", "metrics.json", "weights.npz")


class RunInUseError(RuntimeError):
    """Another process is training the same run."""


@contextlib.contextmanager
def claimed_run(folder, overwrite=False):
    """Holds a run's folder for a training.

    Args:
        folder: Path of `outputs/<run_id>`; made where missing.
        overwrite: Boolean. Whether what an earlier training left is removed,
            so that the next one starts anew. Defaults to `False`.

    Raises:
        RunInUseError: If another process holds it; it is named, and nothing
            is removed.
    """
    with folder_lock(folder, ".training") as holder:
        if holder is not None:
            raise RunInUseError(
                f"{folder} is being trained by {holder}. Wait for it, or "
                "choose another output_root."
            )
        if overwrite:
            for name in REMAINS:
                (folder / name).unlink(missing_ok=True)
        yield

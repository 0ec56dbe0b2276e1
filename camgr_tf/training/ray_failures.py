"""What is done where the workers of a run fail."""

import logging

from ray.train import TrainingFailedError

from camgr_tf.folder_lock import waiting_lock

LOGGER = logging.getLogger(__name__)
# How often workers are started anew after one of them has died.
MAX_FAILURES = 3
# Whose errors tell of a process that is gone: a worker that died, and what
# TensorFlow raises in those that waited for it.
OF_PROCESSES = ("ray", "tensorflow")


def retried(attempt, folder):
    """Calls a function again where it failed as a worker was lost.

    Ray Train would start the workers anew whatever they raised; what Python
    raises in one of them, it raises in the next one too.

    Args:
        attempt: Function without arguments that raises
            `ray.train.TrainingFailedError`.
        folder: Path of `outputs/<run_id>`. A worker that is being killed
            still holds it; the next ones wait until none does.

    Raises:
        Exception: What a worker raised, as it raised it.
        RuntimeError: If workers were lost again and again.
    """
    for failures in range(MAX_FAILURES + 1):
        try:
            return attempt()
        except TrainingFailedError as error:
            failed = error
        if (raised := lasting_error(failed)) is not None:
            raise raised from failed
        if failures < MAX_FAILURES:
            LOGGER.warning(
                "A worker was lost; all continue behind the last whole epoch "
                "(%d of %d times)",
                failures + 1,
                MAX_FAILURES,
            )
            with waiting_lock(folder, ".training"):
                pass
    raise RuntimeError(
        f"{folder.name} was not trained: workers were lost "
        f"{MAX_FAILURES + 1} times. The last time: {_last_line(failed)}"
    ) from failed


def lasting_error(failed):
    """What would come back in another try.

    Args:
        failed: `ray.train.TrainingFailedError`.

    Returns:
        Exception, or `None` if a worker was lost.
    """
    errors = getattr(failed, "worker_failures", {}).values()
    # Whatever the others say, they may say it of the one that has died.
    if any(_origin(error) == "ray" for error in errors):
        return None
    lasting = (e for e in errors if _origin(e) not in OF_PROCESSES)
    return next(lasting, None)


def _origin(error):
    return type(error).__module__.split(".")[0]


def _last_line(error):
    return str(error).strip().splitlines()[-1]

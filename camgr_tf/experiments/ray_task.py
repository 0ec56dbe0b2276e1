"""What a Ray worker does: starts a trial's process on its node, watches it.

This module is imported by every worker, so it needs neither Ray nor
TensorFlow.
"""

import signal
import socket
import time

from camgr_tf.experiments.gpu_share import share_environment
from camgr_tf.experiments.local_executor import LocalRun
from camgr_tf.experiments.processes import stop_trial
from camgr_tf.experiments.processes import task_folder
from camgr_tf.experiments.shared_folders import data_fault
from camgr_tf.experiments.shared_folders import folder_fault
from camgr_tf.folder_lock import folder_lock


def run_task(task, driver, num_threads, gpus=0.0, interval=0.2):
    """Runs one trial on this machine.

    A worker that is killed takes its trial's process with it; on the next
    one the run continues after its last whole epoch.

    Args:
        task: Dictionary, as for
            `camgr_tf.experiments.processes.start_trial`.
        driver: String. Who holds the run's folder as its driver.
        num_threads: Integer. Threads that the trial may use.
        gpus: Float. GPUs that it may use; of a part of one it gets that part
            of the memory. Defaults to `0.0`.
        interval: Float. Seconds between two looks. Defaults to `0.2`.

    Returns:
        Dictionary of `host`, and `error`, `""` for none.
    """
    host, folder = socket.gethostname(), task_folder(task)
    with folder_lock(folder) as holder:
        if holder != driver:
            error = (
                f"{folder} is not held by its driver, {driver}, as {host} "
                f"sees it, but by {holder or 'nobody'}: the driver has died, "
                f"or {host} does not share that folder."
            )
            return {"host": host, "error": error}
    # Ray cancels a task by this signal, which a cluster that was started in
    # the background would ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What a worker that was killed left here.
    stop_trial(folder)
    run = LocalRun(task, num_threads, share_environment(gpus))
    try:
        while (error := run.ended()) is None:
            time.sleep(interval)
    except BaseException:
        # It is cancelled.
        run.stop()
        raise
    return {"host": host, "error": error}


def look_around(folders, data):
    """What hinders this machine from running trials.

    Args:
        folders: List of pairs of a path that has to be shared and the name
            of its `camgr_tf.experiments.shared_folders.token`.
        data: Dictionary from a dataset's path to its `file_sizes`.

    Returns:
        List of strings.
    """
    faults = [folder_fault(folder, name) for folder, name in folders]
    faults += [data_fault(folder, sizes) for folder, sizes in data.items()]
    return [fault for fault in faults if fault]

"""Starts and ends the processes of trials."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from camgr_tf import paths
from camgr_tf.folder_lock import folder_lock
from camgr_tf.folder_lock import waiting_lock
from camgr_tf.staged_file import staged_file

# In the environment of a trial's process and of the kernel that it starts: by
# it both are found again, also when their driver was killed.
MARK = "CAMGR_TRIAL"
# In a run's folder, held by the trial's process.
LOCK = ".process"
MODULE = "camgr_tf.experiments.trial_process"
THREADS = (
    "TF_NUM_INTRAOP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def start_trial(task, num_threads, environment=None):
    """Starts a trial in a process of its own, when no other one has it.

    Its output goes to `log.txt` in the run's folder. The process holds the
    lock `LOCK` of that folder as long as it lives, also when its parent dies
    and wherever the next one is started.

    Args:
        task: Dictionary. Plain values, the arguments of
            `camgr_tf.experiments.trial_process.run_trial`.
        num_threads: Integer. Threads that it may use.
        environment: Dictionary. Further environment variables. Defaults to
            `None`.

    Returns:
        `subprocess.Popen`.
    """
    folder = task_folder(task)
    environment = {
        **os.environ,
        **(environment or {}),
        **dict.fromkeys(THREADS, str(num_threads)),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        MARK: str(folder),
        "PYTHONPATH": paths.python_path(),
    }
    with waiting_lock(folder, LOCK) as lock:
        file = folder / ".task.json"
        with staged_file(file) as staging:
            staging.write_text(json.dumps({**task, "parent": os.getpid()}))
        with open(folder / "log.txt", "wb") as log:
            # A session of its own: Ctrl-C in the terminal reaches only the
            # driver, which then ends its trials.
            return subprocess.Popen(
                [sys.executable, "-m", MODULE, file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                pass_fds=[lock],
                start_new_session=True,
            )


def task_folder(task):
    """The folder of a task's run.

    Args:
        task: As for `start_trial`.

    Returns:
        Path of `outputs/<run_id>`.
    """
    return Path(task["output_root"]) / task["run_id"]


def stop_trial(folder):
    """Kills all processes of a trial, whoever started them.

    Args:
        folder: Path of `outputs/<run_id>`.
    """
    for process in trial_processes(folder):
        try:
            process.kill()
            process.wait(10)
        except psutil.NoSuchProcess:
            continue


def stop_rest(folder):
    """Kills what a trial's process has left, such as a notebook's kernel.

    Nothing is killed if another process of the trial has begun.

    Args:
        folder: Path of `outputs/<run_id>`.
    """
    with folder_lock(folder, LOCK) as holder:
        if holder is None:
            stop_trial(folder)


def trial_processes(folder):
    """The living processes of a trial.

    Args:
        folder: Path of `outputs/<run_id>`.

    Returns:
        List of `psutil.Process`.
    """
    found = []
    for process in psutil.process_iter():
        try:
            marked = process.environ().get(MARK) == str(folder)
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def end_trial(folder, returncode):
    """Says how a trial has ended.

    Args:
        folder: Path of `outputs/<run_id>`.
        returncode: Integer of its process, as `Popen` gives it.

    Returns:
        String, its error; `""` if it ended well.
    """
    if returncode:
        stop_rest(folder)
        return describe_failure(folder, returncode)
    if not (folder / "metrics.json").is_file():
        return f"it ended without a result in {folder}"
    return ""


def describe_failure(folder, returncode, num_lines=15):
    """Says how a trial's process ended.

    Args:
        folder: Path of `outputs/<run_id>`.
        returncode: Integer, as `Popen` gives it.
        num_lines: Integer. Lines of the log that are kept. Defaults to `15`.

    Returns:
        String. The last lines of the log, after the name of the signal if
        one ended the process.
    """
    log = (folder / "log.txt").read_text(errors="replace").strip()
    lines = log.splitlines()[-num_lines:]
    if returncode < 0:
        name = signal.Signals(-returncode).name
        lines.insert(0, f"ended by signal {-returncode} ({name})")
    elif not lines:
        lines = [f"ended with exit code {returncode}"]
    return "\n".join(lines)

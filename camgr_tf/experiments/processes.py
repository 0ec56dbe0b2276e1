"""Starts and ends the processes of trials."""

import json
import os
import signal
import subprocess
import sys

import psutil

from camgr_tf import paths
from camgr_tf.staged_file import staged_file

# In the environment of a trial's process and of the kernel that it starts: by
# it both are found again, also when their driver was killed.
MARK = "CAMGR_TRIAL"
THREADS = (
    "TF_NUM_INTRAOP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def start_trial(trial, output_root, num_threads, notebook=True):
    """Starts a trial in a process of its own.

    Its output goes to `log.txt` in the run's folder.

    Args:
        trial: `Trial`.
        output_root: Path of the folder of all runs.
        num_threads: Integer. Threads that it may use.
        notebook: Boolean. Whether the training notebook runs it. Defaults to
            `True`.

    Returns:
        `subprocess.Popen`.
    """
    folder = output_root / trial.run_id
    task = folder / ".task.json"
    with staged_file(task) as staging:
        staging.write_text(
            json.dumps(
                {
                    "run_id": trial.run_id,
                    "parameters": trial.parameters,
                    "output_root": str(output_root),
                    "notebook": notebook,
                    "parent": os.getpid(),
                }
            )
        )
    environment = {
        **os.environ,
        **dict.fromkeys(THREADS, str(num_threads)),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        MARK: str(folder),
        "PYTHONPATH": paths.python_path(),
    }
    with open(folder / "log.txt", "wb") as log:
        # A session of its own: Ctrl-C in the terminal reaches only the
        # driver, which then ends its trials.
        return subprocess.Popen(
            [sys.executable, "-m", "camgr_tf.experiments.trial_process", task],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


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

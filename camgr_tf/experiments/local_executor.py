"""Runs trials as processes of this machine."""

import os
import socket

from camgr_tf.experiments.gpu_share import GpuShare
from camgr_tf.experiments.gpu_share import gpu_memory_mb
from camgr_tf.experiments.processes import end_trial
from camgr_tf.experiments.processes import start_trial
from camgr_tf.experiments.processes import stop_rest
from camgr_tf.experiments.processes import task_folder


class LocalExecutor:
    """Runs trials as processes of this machine.

    The processor's threads and the memory of a GPU are divided among them.

    Args:
        jobs: Integer. Trials that run at one time. Defaults to `1`.
        say: Function of a line of text. Defaults to `print`.

    Attributes:
        jobs: Integer. Trials that may run at one time.
        num_threads: Integer. Threads of each.

    Raises:
        ValueError: If `jobs` is not positive, or so many do not fit the GPU.
    """

    def __init__(self, jobs=1, say=print):
        if jobs < 1:
            raise ValueError(f"`jobs` must be positive. Received: jobs={jobs}")
        self.jobs = jobs
        cores = len(os.sched_getaffinity(0))
        self.num_threads = max(1, cores // jobs)
        self._gpu_share = GpuShare(jobs, gpu_memory_mb(), say)

    def start(self, task):
        """Starts a trial.

        Args:
            task: Dictionary, as for
                `camgr_tf.experiments.processes.start_trial`.

        Returns:
            `LocalRun`.
        """
        environment = self._gpu_share.environment
        return LocalRun(task, self.num_threads, environment)

    def finished(self, folder):
        """Is told of each run that has ended.

        Args:
            folder: Path of `outputs/<run_id>`.
        """
        self._gpu_share.finished(folder)


class LocalRun:
    """A trial's process on this machine, started here.

    Args:
        task: Dictionary, as for
            `camgr_tf.experiments.processes.start_trial`.
        num_threads: Integer. Threads that it may use.
        environment: Dictionary. Further environment variables. Defaults to
            `None`.

    Attributes:
        host: String. Where it runs.
    """

    def __init__(self, task, num_threads, environment=None):
        self.host = socket.gethostname()
        self._folder = task_folder(task)
        self._process = start_trial(task, num_threads, environment)

    def ended(self):
        """`None` while it runs, then its error, `""` for none."""
        returncode = self._process.poll()
        return (
            None if returncode is None else end_trial(self._folder, returncode)
        )

    def stop(self):
        """Ends it at once."""
        self._process.kill()
        self._process.wait()
        stop_rest(self._folder)

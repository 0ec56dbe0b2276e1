"""Runs the trials of sweeps, each in a process of its own."""

import contextlib
import re
import time
from pathlib import Path

from camgr_tf.code_hash import code_hash
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.local_executor import LocalExecutor
from camgr_tf.experiments.processes import LOCK
from camgr_tf.experiments.processes import stop_trial
from camgr_tf.experiments.progress import Progress
from camgr_tf.experiments.trial_record import Fingerprint
from camgr_tf.experiments.trial_record import clear_run
from camgr_tf.experiments.trial_record import hash_config
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.experiments.trial_record import trial_state
from camgr_tf.experiments.trial_record import write_record
from camgr_tf.folder_lock import folder_lock

# Failures of one kind, before any run has ended well, that stop a sweep.
ALIKE = 3


class Driver:
    """Runs what is missing of a list of trials.

    A trial that fails or is killed is recorded with its error, and the others
    go on, unless the first three all fail alike: what hinders them hinders
    the others too, and those are not started. Trials with the same parameters
    are one run, whichever experiments they belong to. Runs that another
    driver is making are waited for.

    Args:
        trials: List of `Trial`.
        output_root: Path of the folder of all runs.
        jobs: Integer. Trials that run at one time; the processor's threads
            and the memory of a GPU are divided among them. An `executor` has
            its own. Defaults to `1`.
        notebook: Boolean. Whether trials run in the training notebook.
            Defaults to `True`.
        ignore_code: Boolean. Whether runs that other code made count as done.
            Defaults to `False`.
        stream: File for the progress. Defaults to `None`: standard output.
        watch: Function that is called without arguments while trials run; a
            text that is not empty ends them, and is why. Defaults to `None`.
        executor: What runs the trials, such as a `RayExecutor`. Defaults to
            `None`: a `LocalExecutor`.

    Raises:
        ValueError: If `jobs` is not positive.
    """

    def __init__(
        self,
        trials,
        output_root,
        jobs=1,
        notebook=True,
        ignore_code=False,
        stream=None,
        watch=None,
        executor=None,
    ):
        # Trials run in another folder.
        self.output_root = Path(output_root).resolve()
        self.notebook = notebook
        self.ignore_code = ignore_code
        self.watch = watch
        self.waiting = list({trial.run_id: trial for trial in trials}.values())
        self.running = {}
        self.failed = {}
        self._errors = []
        self.progress = Progress(len(self.waiting), jobs, stream)
        self.executor = executor or LocalExecutor(jobs, self.progress.write)

    def run(self, interval=0.2):
        """Runs until no trial is left.

        Args:
            interval: Float. Seconds between two looks at the processes.
                Defaults to `0.2`.

        Returns:
            Dictionary from a failed run's id to its error; empty if all went
            well.
        """
        try:
            self._run_all(interval)
        except BaseException:
            for run in list(self.running.values()):
                run.stop()
            raise
        return self.failed

    def _run_all(self, interval):
        while self.waiting or self.running:
            self._reap()
            self._look()
            self._fill()
            self._show()
            if self.waiting or self.running:
                time.sleep(interval)

    def _reap(self):
        for run_id, run in list(self.running.items()):
            error = run.ended()
            if error is None:
                continue
            del self.running[run_id]
            model = run.trial.config.model
            self.progress.finished(model, run.seconds, succeeded=not error)
            self.executor.finished(run.folder)
            if error:
                self.failed[run_id] = error
                last = error.splitlines()[-1]
                self.progress.write(f"failed: {run_id}: {last}")
            # Their names are where errors of one kind may differ.
            self._errors.append(error.replace(run_id, "").replace(model, ""))
        if self.waiting and fail_alike(self._errors):
            left = len(self.waiting)
            self.waiting.clear()
            self.progress.write(
                f"stopped: the first {len(self._errors)} failed alike, and "
                f"{left} more were not started. Mend what hinders them; the "
                "same command continues."
            )

    def _look(self):
        reason = self.watch() if self.watch and self.running else ""
        if not reason:
            return
        for run_id, run in list(self.running.items()):
            del self.running[run_id]
            run.stop()
            self.progress.finished(run.trial.config.model, run.seconds)
            self.progress.write(f"{reason}: {run_id}")

    def _fill(self):
        if not self.waiting:
            return
        self.progress.jobs = jobs = self.executor.jobs
        for trial in list(self.waiting):
            if len(self.running) >= jobs:
                return
            run = _Running(trial, self.output_root / trial.run_id)
            if not run.locked:
                continue
            fingerprint = trial_fingerprint(trial)
            state = trial_state(run.folder, fingerprint, self.ignore_code)
            if state == "done":
                self.waiting.remove(trial)
                run.release()
                seconds = read_record(run.folder).get("seconds")
                self.progress.finished(trial.config.model, seconds)
                continue
            stop_trial(run.folder)
            if run.has_process():
                # On another host; it ends soon after its driver.
                run.release()
                continue
            if state == "outdated":
                clear_run(run.folder)
            self.waiting.remove(trial)
            self.running[trial.run_id] = run
            run.start(fingerprint, self.executor, self.notebook)

    def _show(self):
        self.progress.show(
            [trial.config.model for trial in self.waiting],
            [(r.trial.config.model, r.seconds) for r in self.running.values()],
        )


def fail_alike(errors):
    """Whether all runs so far have failed, enough of them, for one reason.

    Reasons are alike if their last lines differ in numbers and hashes only.

    Args:
        errors: List of strings, of the runs in the order in which they
            ended; `""` for one that ended well.

    Returns:
        Boolean.
    """
    if len(errors) < ALIKE or not all(errors):
        return False
    lasts = [error.splitlines()[-1] for error in errors]
    return len({re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", t) for t in lasts}) == 1


def trial_fingerprint(trial):
    """What a trial's run would follow from if it were started now.

    Args:
        trial: `Trial`.

    Returns:
        `Fingerprint`.
    """
    return Fingerprint(
        config=hash_config(trial.config),
        data=describe_dataset(trial.config)["content_hash"],
        code=code_hash(trial.config.model),
    )


class _Running:
    """A trial's process, and the lock on its folder."""

    def __init__(self, trial, folder):
        self.trial = trial
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self.locked = not self._stack.enter_context(folder_lock(folder))
        self._process = None
        if not self.locked:
            self.release()

    @property
    def seconds(self):
        return time.monotonic() - self._started

    def has_process(self):
        """Whether a process of the trial lives, on whatever host."""
        with folder_lock(self.folder, LOCK) as holder:
            return holder is not None

    def start(self, fingerprint, executor, notebook):
        self._fingerprint = fingerprint
        self._started = time.monotonic()
        self._values = {
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "num_threads": executor.num_threads,
        }
        self._record("running")
        self._process = executor.start(
            {
                "run_id": self.trial.run_id,
                "parameters": self.trial.parameters,
                "output_root": str(self.folder.parent),
                "notebook": notebook,
                "code": fingerprint.code,
            }
        )

    def ended(self):
        """`None` while it runs, then its error, `""` for none."""
        error = self._process.ended()
        if error is None:
            return None
        if error:
            self._record("failed", error=error)
        else:
            self._record("done")
        self.release()
        return error

    def stop(self):
        if self._process is not None:
            self._process.stop()
            self._record("interrupted")
        self.release()

    def release(self):
        self._stack.close()

    def _record(self, status, **values):
        if self._process is not None:
            values["host"] = self._process.host
        seconds = round(self.seconds, 1)
        write_record(
            self.folder,
            self._fingerprint,
            status,
            seconds=seconds,
            **self._values,
            **values,
        )

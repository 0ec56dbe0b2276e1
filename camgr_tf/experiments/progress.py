"""One line on how a sweep is getting on."""

import sys
import time


class Progress:
    """Counts trials and estimates the time that is left.

    A trial is expected to take as long as the finished trials of its model did
    in the mean; a model without one, as long as all finished ones.

    Args:
        num_trials: Integer. Trials of the sweep.
        jobs: Integer. Trials that run at one time.
        stream: File that is written to. Defaults to `None`: standard output.
        clock: Function that gives seconds. Defaults to `time.monotonic`.
    """

    def __init__(self, num_trials, jobs, stream=None, clock=time.monotonic):
        self.num_trials = num_trials
        self.jobs = jobs
        self.stream = stream or sys.stdout
        self.clock = clock
        self.done = 0
        self.failed = 0
        self._seconds = {}
        self._last_text = None
        self._last_time = -60.0

    def finished(self, model, seconds, succeeded=True):
        """Counts a trial that has ended.

        Args:
            model: String. Its model.
            seconds: Float. How long it took; `None` if it was done before.
            succeeded: Boolean. Defaults to `True`.
        """
        if succeeded:
            self.done += 1
            if seconds is not None:
                self._seconds.setdefault(model, []).append(seconds)
        else:
            self.failed += 1

    def seconds_left(self, waiting, running):
        """Estimate of the seconds until all trials have ended.

        Args:
            waiting: List of strings, the models of the waiting trials.
            running: List of pairs of a running trial's model and the seconds
                that it has run.

        Returns:
            Float, or `None` while no trial has finished.
        """
        if not self._seconds:
            return None
        left = [self._expected(model) for model in waiting]
        left += [max(0.0, self._expected(m) - s) for m, s in running]
        return max(sum(left) / self.jobs, max(left, default=0.0))

    def show(self, waiting, running):
        """Writes the line, if it says something new or a minute has passed.

        Args:
            waiting: As for `seconds_left`.
            running: As for `seconds_left`.
        """
        counts = (
            f"{self.num_trials} trials: {self.done} done, {len(running)} "
            f"running, {self.failed} failed, {len(waiting)} left"
        )
        now = self.clock()
        if counts == self._last_text and now - self._last_time < 60.0:
            return
        self._last_text, self._last_time = counts, now
        left = self.seconds_left(waiting, running)
        if running or waiting:
            counts += ", time left " + (
                "unknown" if left is None else f"about {_duration(left)}"
            )
        self.write(counts)

    def write(self, text):
        """Writes a line of its own."""
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def _expected(self, model):
        seconds = self._seconds.get(model)
        if seconds is None:
            seconds = [s for values in self._seconds.values() for s in values]
        return sum(seconds) / len(seconds)


def _duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"

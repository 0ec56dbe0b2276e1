"""Ends trials of a search that are behind the others at the same epoch."""

import pandas as pd

# Validation metric that searches maximize.
MONITOR = "recall@20"
# A trial is ended where its best value so far is below the median of the
# finished trials' at that epoch: not before so many epochs, and not before
# so many trials have finished.
WARMUP_EPOCHS, WARMUP_TRIALS = 10, 2
RULE = f"median rule after {WARMUP_EPOCHS} epochs and {WARMUP_TRIALS} trials"


def make_pruner(optuna):
    """The rule, as optuna knows it.

    Args:
        optuna: The imported package.

    Returns:
        `optuna.pruners.MedianPruner`.
    """
    return optuna.pruners.MedianPruner(
        n_startup_trials=WARMUP_TRIALS, n_warmup_steps=WARMUP_EPOCHS
    )


class Pruning:
    """Reports a run's epochs to its trial and says when it is to end.

    All epochs are reported in their order, one after the other, however many
    have passed since the last look: whether a trial is ended depends on its
    values, not on when it was looked at.

    Args:
        trial: `optuna.Trial`.
        folder: Path of the run's folder.

    Attributes:
        epoch: Integer, the epoch after which the trial is to end; `None`
            while there is none.
    """

    def __init__(self, trial, folder):
        self.trial = trial
        self.path = folder / "history.csv"
        self.epoch = None
        self._seen = None
        self._num_reported = 0

    def __call__(self):
        """Looks at the run's history.

        Returns:
            String, why the run is to end; `""` if it is to go on.
        """
        if self.epoch is None and self._is_new():
            values = pd.read_csv(self.path)[f"val_{MONITOR}"]
            for epoch in range(self._num_reported, len(values)):
                self._num_reported = epoch + 1
                self.trial.report(float(values[epoch]), epoch)
                if self.trial.should_prune():
                    self.epoch = epoch
                    break
        return "" if self.epoch is None else f"pruned after epoch {self.epoch}"

    def _is_new(self):
        if not self.path.is_file():
            return False
        seen, self._seen = self._seen, self.path.stat().st_mtime_ns
        return seen != self._seen

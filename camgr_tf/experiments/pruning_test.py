"""The median rule by hand: who is behind at an epoch, and who is not."""

import pandas as pd
import pytest

from camgr_tf.experiments.pruning import Pruning
from camgr_tf.experiments.pruning import make_pruner

optuna = pytest.importorskip("optuna")
RISING = [0.1 + 0.01 * epoch for epoch in range(15)]


@pytest.fixture
def study():
    """Two finished trials with .10 and .20 more than their epoch / 100."""
    study = optuna.create_study(
        direction="maximize", pruner=make_pruner(optuna)
    )
    for offset in (0.0, 0.1):
        trial = study.ask()
        for epoch, value in enumerate(RISING):
            trial.report(value + offset, epoch)
        study.tell(trial, RISING[-1] + offset)
    return study


def write(folder, values):
    folder.mkdir(exist_ok=True)
    table = pd.DataFrame({"epoch": range(len(values)), "val_recall@20": values})
    table.to_csv(folder / "history.csv", index=False)


@pytest.mark.parametrize(
    "offset, epoch",
    [
        # The medians of .10 and .20 plus epoch / 100: one of .149 is behind
        # at the first epoch that counts, one of .151 at none.
        (0.049, 10),
        (0.051, None),
    ],
)
def test_a_trial_below_the_median_is_ended(study, tmp_path, offset, epoch):
    write(tmp_path, [value + offset for value in RISING])
    look = Pruning(study.ask(), tmp_path)
    text = look()
    assert look.epoch == epoch
    assert text == ("" if epoch is None else "pruned after epoch 10")


def test_the_best_epoch_so_far_counts(study, tmp_path):
    # High at first, then below: its best of .5 is never below the median.
    write(tmp_path, [0.5] + [0.0] * 14)
    assert Pruning(study.ask(), tmp_path)() == ""


def test_it_ends_at_the_same_epoch_however_late_one_looks(study, tmp_path):
    values = [0.15 if epoch < 12 else 0.1 for epoch in range(15)]
    often = Pruning(study.ask(), tmp_path / "often")
    assert often() == ""
    for number in range(1, 16):
        write(tmp_path / "often", values[:number])
        often()
    write(tmp_path / "late", values)
    late = Pruning(study.ask(), tmp_path / "late")
    late()
    assert often.epoch == late.epoch == 10


def test_two_finished_trials_are_needed(tmp_path):
    study = optuna.create_study(
        direction="maximize", pruner=make_pruner(optuna)
    )
    trial = study.ask()
    for epoch, value in enumerate(RISING):
        trial.report(value, epoch)
    study.tell(trial, RISING[-1])
    write(tmp_path, [0.0] * 15)
    assert Pruning(study.ask(), tmp_path)() == ""

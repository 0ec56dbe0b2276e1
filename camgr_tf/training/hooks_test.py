"""What `train` calls and sets at the begin of an epoch."""

import pandas as pd
import pytest

from camgr_tf.baselines.mf import MF
from camgr_tf.config import resolve_config
from camgr_tf.testing import write_tiny_folder
from camgr_tf.training.runs import train


def test_each_epoch_begins_with_its_number_and_its_learning_rate(
    tmp_path, monkeypatch
):
    begun = []

    def begin_epoch(model, epoch=0):
        rate = float(model.optimizer.learning_rate.numpy())
        begun.append((epoch, rate))

    monkeypatch.setattr(MF, "begin_epoch", begin_epoch)
    write_tiny_folder(tmp_path / "data")
    config = resolve_config(
        dataset="tiny",
        data_root=str(tmp_path / "data"),
        model="mf",
        max_epochs=3,
        learning_rate=0.02,
        learning_rate_decay=0.5,
    )
    run = train(config, tmp_path / "outputs", progress=False)
    # Half after 50 epochs: a factor of 0.5 ** (1 / 50) = 0.98623 an epoch.
    rates = [0.02, 0.02 * 0.986233, 0.02 * 0.986233**2]
    assert [epoch for epoch, _ in begun] == [0, 1, 2]
    assert [rate for _, rate in begun] == pytest.approx(rates, rel=1e-5)
    history = pd.read_csv(run.folder / "history.csv")
    assert history.learning_rate.tolist() == pytest.approx(rates, rel=1e-5)

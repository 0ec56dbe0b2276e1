"""A race of two models on a tiny dataset, its trainings replaced."""

import json

import numpy as np
import pandas as pd
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.experiments import race as module
from camgr_tf.experiments import search as search_module
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.race import race
from camgr_tf.experiments.race import race_space
from camgr_tf.registry import MODELS
from camgr_tf.testing import write_tiny_folder

pytest.importorskip("optuna")
RACE = Definition(
    "race",
    "Race",
    kind="race",
    parameters={"min_epochs": 3},
    variants=(
        {"label": "popularity", "model": "popularity"},
        {"label": "MF", "model": "mf"},
        {"label": "LightGCN", "model": "lightgcn"},
    ),
    reference="LightGCN",
)
NUM_EPOCHS = 14


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Runs in place of trainings, the better the nearer l2_weight to 0.01."""
    write_tiny_folder(tmp_path / "data")
    runs = []

    class FakeDriver:
        def __init__(self, trials, output_root, watch=None, **options):
            self.trials, self.root, self.watch = trials, output_root, watch

        def run(self):
            for trial in self.trials:
                config = trial.config
                runs.append(config)
                folder = self.root / trial.run_id
                folder.mkdir(parents=True, exist_ok=True)
                weight = config.model_parameters.get("l2_weight", 0.01)
                value = 0.5 - abs(weight - 0.01)
                pd.DataFrame({"val_recall@20": [value] * NUM_EPOCHS}).to_csv(
                    folder / "history.csv"
                )
                if self.watch and self.watch():
                    continue
                metrics = {"validation": {"recall@20": value}}
                (folder / "metrics.json").write_text(json.dumps(metrics))
            return {}

    monkeypatch.setattr(module, "Driver", FakeDriver)
    monkeypatch.setattr(search_module, "Driver", FakeDriver)
    return runs


def start(tmp_path, **options):
    return race(
        RACE,
        "tiny",
        tmp_path / "runs",
        data_root=str(tmp_path / "data"),
        **options,
    )


def test_each_model_has_its_trials_and_the_winner_its_seeds(tmp_path, trained):
    assert start(tmp_path, num_trials=8, seeds=3) == {}
    counted = {
        name: sum(run.model == name for run in trained)
        for name in ("popularity", "mf", "lightgcn")
    }
    assert counted == {"popularity": 3, "mf": 8 + 3, "lightgcn": 8 + 3}
    assert all(run.min_epochs == 3 for run in trained)
    # The first trial is the model with its defaults.
    first = next(run for run in trained if run.model == "mf")
    assert first.model_parameters["l2_weight"] == 0.1
    (plan,) = read_plans(tmp_path / "runs", ["race"], "tiny")
    assert [trial.label for trial in plan.trials] == [
        label for label in ("popularity", "MF", "LightGCN") for _ in range(3)
    ]
    assert [trial.config.seed for trial in plan.trials] == [0, 1, 2] * 3
    winners = {c.label: c.config.model_parameters for c in plan.trials}
    tried = {
        r.model_parameters["l2_weight"] for r in trained if r.model == "mf"
    }
    nearest = min(tried, key=lambda weight: abs(weight - 0.01))
    assert winners["MF"]["l2_weight"] == nearest
    budget, counts, mf, lightgcn = plan.notes
    assert "8 trials" in budget and "3 seeds" in budget
    assert counts == "popularity: nothing to search"
    assert mf.startswith("MF: ") and "validation" in mf
    assert "trials whole" in lightgcn and "pruned" in lightgcn


def test_trials_behind_the_median_are_pruned_and_counted(tmp_path, trained):
    # So many that some are behind, whatever the search draws.
    start(tmp_path, num_trials=20, seeds=1, models=["mf"])
    (plan,) = read_plans(tmp_path / "runs", ["race"], "tiny")
    finished, pruned = [], 0
    for run in trained[:-1]:
        value = 0.5 - abs(run.model_parameters["l2_weight"] - 0.01)
        if len(finished) >= 2 and value < np.median(finished):
            pruned += 1
        else:
            finished.append(value)
    assert f"{len(finished)} trials whole, {pruned} pruned" in plan.notes[-1]
    assert pruned > 0


def test_a_second_start_runs_no_trial_and_others_may_join(tmp_path, trained):
    start(tmp_path, num_trials=4, seeds=1, models=["mf"])
    num = len(trained)
    start(tmp_path, num_trials=4, seeds=1, models=["lightgcn", "mf"])
    again = [run.model for run in trained[num:]]
    # The finished winner is handed to the driver, which would leave it.
    assert again.count("mf") == 1 and again.count("lightgcn") == 5
    (plan,) = read_plans(tmp_path / "runs", ["race"], "tiny")
    assert [trial.label for trial in plan.trials] == ["MF", "LightGCN"]
    start(tmp_path, num_trials=4, seeds=1, models=["popularity"])
    (plan,) = read_plans(tmp_path / "runs", ["race"], "tiny")
    assert [c.label for c in plan.trials] == ["popularity", "MF", "LightGCN"]
    assert [note.partition(":")[0] for note in plan.notes[1:]] == [
        "popularity",
        "MF",
        "LightGCN",
    ]


def test_an_unknown_model_is_refused(tmp_path, trained):
    with pytest.raises(ValueError, match="'lightgnc' is none of the race's"):
        start(tmp_path, models=["lightgnc"])
    with pytest.raises(ValueError, match="no parameter dropout"):
        start(tmp_path, overrides={"dropout": 0.5})
    assert not trained


@pytest.mark.parametrize("variant", load_definition("race").variants)
def test_every_model_has_a_range_that_holds_its_default(variant):
    config = resolve_config(model=variant["model"])
    space, first = race_space(config, 118_551)
    assert all(value in space[name] for name, value in first.items())
    # By default SMORE has one number of neighbors for both modalities.
    assert set(space) - set(first) <= {"num_further_neighbors"}
    for name, values in space.items():
        for value in values:
            resolve_config(model=variant["model"], **{name: value})
    if MODELS[variant["model"]].trains:
        # 118,551 rows are 57.9 batches of 2048.
        assert {2048, 4096, 8192} <= set(space["batch_size"])
        assert first["batch_size"] == 2048
        assert len(space["learning_rate"]) >= 3
    assert space or variant["model"] == "popularity"

import pytest

from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.trials import plan_trials


def test_variants_times_grid_times_seeds():
    definition = Definition(
        "mine",
        "Mine",
        parameters={"model": "lightgcn"},
        variants=({"label": "slow", "learning_rate": 1e-4}, {"label": "own"}),
        grid={"num_layers": [1, 2]},
    )
    trials = plan_trials(definition, "demo", 2, {"max_epochs": 3})
    expected = [
        ("slow num_layers = 1", 1e-4, 1, 0),
        ("slow num_layers = 1", 1e-4, 1, 1),
        ("slow num_layers = 2", 1e-4, 2, 0),
        ("slow num_layers = 2", 1e-4, 2, 1),
        ("own num_layers = 1", 1e-3, 1, 0),
        ("own num_layers = 1", 1e-3, 1, 1),
        ("own num_layers = 2", 1e-3, 2, 0),
        ("own num_layers = 2", 1e-3, 2, 1),
    ]
    assert expected == [
        (
            trial.label,
            trial.config.learning_rate,
            trial.config.model_parameters["num_layers"],
            trial.config.seed,
        )
        for trial in trials
    ]
    assert {trial.config.max_epochs for trial in trials} == {3}
    assert "learning_rate" not in trials[-1].parameters


def test_a_variants_value_counts_before_the_common_one():
    definition = Definition(
        "mine",
        "Mine",
        parameters={"model": "mf", "patience": 5},
        variants=({"label": "whole", "patience": 20}, {"label": "part"}),
    )
    trials = plan_trials(definition, "demo", 1)
    assert [trial.config.patience for trial in trials] == [20, 5]


def test_table_2_has_two_countings_and_ten_models():
    trials = plan_trials(load_definition("table2"), "baby", 3)
    assert len(trials) == 36
    assert len({trial.config.model for trial in trials}) == 12
    assert [t.label for t in trials[::3]][:2] == ["popularity", "item-kNN"]


def test_a_preset_with_the_datasets_name_is_used():
    presets = {
        dataset: {
            trial.label: trial.config.preset
            for trial in plan_trials(load_definition("table2"), dataset, 1)
        }
        for dataset in ("baby", "demo")
    }
    assert presets["baby"]["BM3"] == "baby"
    assert presets["baby"]["MF"] is None
    assert presets["demo"]["BM3"] is None


def test_the_full_model_is_one_run_in_all_experiments():
    runs = {}
    names = ("baby_results", "defaults", "table3", "figure2", "figure3")
    for name in names:
        trials = plan_trials(load_definition(name), "demo", 1)
        runs[name] = {trial.run_id for trial in trials}
    assert len(set.intersection(*runs.values())) == 1


def test_statistics_have_no_trials():
    assert plan_trials(load_definition("table1"), "demo") == []


@pytest.mark.parametrize(
    "experiment, seeds, overrides, message",
    [
        (
            "table2",
            1,
            {"num_layers": 3},
            r"'popularity'.* has no parameter num_layers",
        ),
        ("table3", 1, {"temprature": 1}, r"has no parameter temprature"),
        ("figure3", 1, {"num_neighbors": 5}, r"sets 'num_neighbors' itself"),
        ("table3", 1, {"model": "mf"}, r"sets 'model' itself"),
        ("table3", 1, {"seed": 5}, r"'seed' is an option of its own"),
        (
            "table3",
            1,
            {"max_epochs": 0},
            r"`max_epochs` must be an integer, positive",
        ),
        ("table3", 0, {}, r"Received: seeds=0"),
    ],
)
def test_errors(experiment, seeds, overrides, message):
    with pytest.raises(ValueError, match=message):
        plan_trials(load_definition(experiment), "demo", seeds, overrides)


def test_trials_that_are_the_same_run_are_refused():
    variants = (
        {"label": "default", "model": "mf"},
        {"label": "spelled out", "model": "mf", "learning_rate": 0.001},
    )
    definition = Definition("mine", "Mine", variants=variants)
    message = "'default' and 'spelled out' are the same run"
    with pytest.raises(ValueError, match=message):
        plan_trials(definition, "demo")

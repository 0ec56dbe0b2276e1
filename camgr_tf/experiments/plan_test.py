import json

import pytest

from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.plan import Plan
from camgr_tf.experiments.plan import make_plan
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.plan import write_plan
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.testing import write_tiny_folder


def small_plan(name, dataset="tiny"):
    definition = load_definition(name)
    trials = plan_trials(definition, dataset, 1)
    hashes = {trial.run_id: "hash" for trial in trials}
    facts = {"split": "file"}
    return Plan(definition, dataset, trials, facts, hashes, ["a note"])


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = small_plan("table3")
    write_plan(plan, tmp_path)
    assert read_plans(tmp_path) == [plan]


def test_a_users_own_definition_is_kept_with_the_plan(tmp_path):
    definition = Definition("mine", "Mine", grid={"num_layers": [1, 2]})
    trials = plan_trials(definition, "tiny", 1)
    write_plan(Plan(definition, "tiny", trials, {}, {}), tmp_path)
    (plan,) = read_plans(tmp_path, ["mine"])
    assert plan.definition == definition


def test_plans_are_selected(tmp_path):
    for name, dataset in (("table1", "b"), ("table1", "a"), ("table3", "a")):
        write_plan(small_plan(name, dataset), tmp_path)
    names = [plan.name for plan in read_plans(tmp_path)]
    assert names == ["table1/a", "table1/b", "table3/a"]
    names = [plan.name for plan in read_plans(tmp_path, ["table1"], "b")]
    assert names == ["table1/b"]


def test_missing_plans_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="it has none. Start one"):
        read_plans(tmp_path)
    write_plan(small_plan("table1"), tmp_path)
    with pytest.raises(
        FileNotFoundError, match="no sweep table2; it has table1"
    ):
        read_plans(tmp_path, ["table1", "table2"])


def test_a_plan_of_other_defaults_is_refused(tmp_path):
    write_plan(small_plan("table3"), tmp_path)
    (path,) = tmp_path.glob("experiments/table3/*.json")
    values = json.loads(path.read_text())
    values["trials"][0]["run_id"] = "tiny-camgr-seed0-00000000"
    path.write_text(json.dumps(values))
    with pytest.raises(ValueError, match="a default has changed"):
        read_plans(tmp_path, ["table3"])
    path.write_text("{")
    with pytest.raises(ValueError, match="tiny.json is no plan"):
        read_plans(tmp_path, ["table3"])
    # It does not keep the others from being collected.
    write_plan(small_plan("table1"), tmp_path)
    with pytest.warns(UserWarning, match="Left out: .*tiny.json is no plan"):
        (plan,) = read_plans(tmp_path)
    assert plan.definition.name == "table1"


def test_the_facts_are_of_the_trial_with_most_modalities(tmp_path):
    write_tiny_folder(tmp_path)
    plan = make_plan(load_definition("figure2"), "tiny", 1, None, tmp_path)
    assert plan.facts["feature_widths"] == {"image": 5, "text": 4}
    assert len(plan.trials) == len(set(plan.data_hashes.values())) == 3


def test_a_missing_dataset_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="No dataset 'gone'"):
        make_plan(load_definition("table1"), "gone", data_root=str(tmp_path))

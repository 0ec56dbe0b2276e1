import pandas as pd
import pytest

from camgr_tf.experiments import added_results
from camgr_tf.experiments.added_results import add_experiments
from camgr_tf.experiments.added_results import add_runs
from camgr_tf.experiments.added_results import read_table
from camgr_tf.experiments.results import collect_results
from camgr_tf.experiments.results import write_results
from camgr_tf.testing.fake_run import write_fake_run


@pytest.fixture
def their_table(plan, tmp_path):
    """All four runs, as another machine wrote them: Recall .1, .2, .3, .4."""
    root = tmp_path / "theirs"
    for number, trial in enumerate(plan.trials):
        write_fake_run(trial, root, recall=0.1 * (1 + number))
    return collect_results([plan], root)


def test_planned_runs_that_another_machine_made_are_added(
    plan, their_table, tmp_path
):
    path = tmp_path / "results.csv"
    # Beside them a run of a model that is gone, and one of another experiment.
    stale = their_table.iloc[:1].assign(
        run_id="tiny-gone-seed0-00000000", model="gone"
    )
    their_table.loc[3, ["experiment", "label"]] = ["theirs", "two layers"]
    pd.concat([stale, their_table]).to_csv(path, index=False)
    for number in (1, 2):
        write_fake_run(plan.trials[number], tmp_path, recall=0.9)
    own = collect_results([plan], tmp_path)
    joined = add_runs(own, path, [plan])
    assert joined["run_id"].tolist() == [trial.run_id for trial in plan.trials]
    assert joined["label"].tolist() == ["MF", "MF", "LightGCN", "LightGCN"]
    assert set(joined["experiment"]) == {"mine"}
    recalls = joined["test_recall@20"].tolist()
    assert recalls == pytest.approx([0.1, 0.9, 0.9, 0.4])
    for name in own.columns:
        if own[name].notna().any():
            assert joined[name].dtype == own[name].dtype, name


def test_without_a_run_of_ones_own_types_are_kept(plan, their_table, tmp_path):
    path = tmp_path / "results.csv"
    their_table.to_csv(path, index=False)
    joined = add_runs(collect_results([plan], tmp_path), path, [plan])
    assert joined["seed"].sum() == 2
    assert joined["test_recall@20"].sum() == pytest.approx(1.0)
    assert not joined["mask_validation"].any()
    assert joined["label"].tolist() == ["MF", "MF", "LightGCN", "LightGCN"]


@pytest.mark.parametrize("column", ["config_hash", "data_hash"])
def test_runs_of_something_else_are_not_added(
    plan, their_table, tmp_path, column
):
    their_table.loc[0, column] = "0" * 64
    path = tmp_path / "results.csv"
    their_table.to_csv(path, index=False)
    joined = add_runs(collect_results([plan], tmp_path), path, [plan])
    assert joined["run_id"].tolist() == [
        trial.run_id for trial in plan.trials[1:]
    ]


def test_whether_the_code_is_todays_is_asked_again(
    plan, their_table, tmp_path, monkeypatch
):
    assert their_table["current"].all()
    path = tmp_path / "results.csv"
    their_table.to_csv(path, index=False)
    own = collect_results([plan], tmp_path)
    assert add_runs(own, path, [plan])["current"].all()
    monkeypatch.setattr(added_results, "code_hash", lambda model: "later")
    assert not add_runs(own, path, [plan])["current"].any()


def test_experiments_of_another_machine_are_added(plan, tmp_path):
    for trial in plan.trials:
        write_fake_run(trial, tmp_path, recall=0.3)
    table = collect_results([plan], tmp_path)
    # The same experiment in other runs, and another with a column of its own.
    same = table.assign(**{"test_recall@20": 0.1})
    other = table.iloc[2:].assign(experiment="theirs", mine="x")
    path = tmp_path / "other.csv"
    pd.concat([same, other]).to_csv(path, index=False)
    joined = add_experiments(table, path, {("mine", "tiny")})
    assert joined["experiment"].tolist() == ["mine"] * 4 + ["theirs"] * 2
    table = table.dropna(axis="columns", how="all")
    pd.testing.assert_frame_equal(joined[table.columns][:4], table)
    for name in table.columns.drop("experiment"):
        assert joined[name].dtype == table[name].dtype, name
        assert joined[name][4:].tolist() == table[name][2:].tolist(), name
    assert joined["mine"].tolist()[4:] == ["x", "x"]


def test_a_label_a_hash_and_a_version_stay_text(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(
        "experiment,label,model,run_id,config_hash,version_python,seed\n"
        "1,0.10,007,1e3,0012,3.10,2\n"
    )
    row = read_table(path, ["label"]).iloc[0].to_dict()
    assert row == {
        "experiment": "1",
        "label": "0.10",
        "model": "007",
        "run_id": "1e3",
        "config_hash": "0012",
        "version_python": "3.10",
        "seed": 2,
    }


@pytest.mark.parametrize(
    "ours, theirs, expected",
    [
        ([0, 0, 0, 0], 0.001, [0.0, 0.0, 0.0, 0.0, 0.001]),
        ([True, False, True, True], None, [True, False, True, True, None]),
        (["auto", "auto", "auto", "auto"], 10, ["auto"] * 4 + ["10"]),
        ([1, 2, 3, 4], "auto", ["1", "2", "3", "4", "auto"]),
    ],
)
def test_a_parameter_of_another_type_there(
    plan, tmp_path, ours, theirs, expected
):
    for trial in plan.trials:
        write_fake_run(trial, tmp_path, recall=0.3)
    table = collect_results([plan], tmp_path).convert_dtypes()
    table["knob"] = pd.Series(ours).convert_dtypes()
    path = tmp_path / "other.csv"
    other = table.iloc[:1].assign(experiment="theirs", knob=theirs)
    other.to_csv(path, index=False)
    joined = add_experiments(table, path, {("mine", "tiny")})
    written = write_results(joined, tmp_path / "report")
    knobs = pd.read_parquet(written)["knob"]
    assert [None if pd.isna(k) else k for k in knobs] == expected


def test_refuses_a_table_of_something_else(plan, tmp_path):
    table = collect_results([plan], tmp_path)
    with pytest.raises(FileNotFoundError, match="no file .*none.csv"):
        add_experiments(table, tmp_path / "none.csv", set())
    path = tmp_path / "prices.csv"
    path.write_text("dataset,price\nbaby,3\n")
    with pytest.raises(ValueError, match="prices.csv has no column exper"):
        add_experiments(table, path, set())
    with pytest.raises(ValueError, match="prices.csv has no column exper"):
        add_runs(table, path, [plan])

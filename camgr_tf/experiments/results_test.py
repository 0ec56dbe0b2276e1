import shutil

import pandas as pd
import pytest

from camgr_tf.experiments import results
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.driver import trial_fingerprint
from camgr_tf.experiments.results import collect_results
from camgr_tf.experiments.results import summarize_states
from camgr_tf.experiments.results import write_results
from camgr_tf.experiments.trial_record import write_record
from camgr_tf.testing.fake_run import write_fake_run


def test_one_row_a_finished_run(plan, tmp_path):
    for number, trial in enumerate(plan.trials[:3]):
        write_fake_run(trial, tmp_path, recall=0.1 * (1 + number))
    table = collect_results([plan], tmp_path)
    assert table["label"].tolist() == ["MF", "MF", "LightGCN"]
    assert table["seed"].tolist() == [0, 1, 0]
    assert table["test_recall@20"].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert table["validation_ndcg@20"].tolist() == pytest.approx(
        [0.04, 0.08, 0.12]
    )
    assert table["model"].tolist() == ["mf", "mf", "lightgcn"]
    assert table["num_layers"].tolist() == [pd.NA, pd.NA, 2]
    assert table["modalities"].tolist() == ["image,text"] * 3
    assert table["current"].tolist() == [True] * 3
    expected = [trial_fingerprint(trial) for trial in plan.trials[:3]]
    assert table["code_hash"].tolist() == [f.code for f in expected]
    assert table["data_hash"].tolist() == [f.data for f in expected]
    names = ["best_epoch", "train_seconds", "peak_memory_mb", "num_weights"]
    assert table[names].iloc[0].tolist() == [1, 6.0, 500.0, 1000]
    assert table["version_tensorflow"].iloc[0] == "2.21"


def test_both_files_hold_the_table(plan, tmp_path):
    for trial in plan.trials:
        write_fake_run(trial, tmp_path)
    table = collect_results([plan], tmp_path)
    path = write_results(table, tmp_path / "table")
    pd.testing.assert_frame_equal(pd.read_parquet(path), table)
    rows = pd.read_csv(path.with_suffix(".csv"))
    assert rows.columns.tolist() == table.columns.tolist()
    assert len(rows) == 4


def test_results_are_read_without_the_data(plan, tmp_path):
    write_fake_run(plan.trials[0], tmp_path)
    describe_dataset.__globals__["_describe"].cache_clear()
    shutil.rmtree(tmp_path / "data")
    assert len(collect_results([plan], tmp_path)) == 1


def test_runs_on_other_data_are_left_out(plan, tmp_path):
    write_fake_run(plan.trials[0], tmp_path)
    plan.data_hashes[plan.trials[0].run_id] = "other"
    assert len(collect_results([plan], tmp_path)) == 0


def test_without_a_run_the_table_is_empty(plan, tmp_path):
    table = collect_results([plan], tmp_path)
    assert len(table) == 0 and "label" in table
    write_results(table, tmp_path)


def test_a_run_of_earlier_code_is_marked(plan, tmp_path, monkeypatch):
    write_fake_run(plan.trials[0], tmp_path)
    monkeypatch.setattr(results, "code_hash", lambda model: "later")
    table = collect_results([plan], tmp_path)
    assert table["current"].tolist() == [False]


def test_states_are_counted(plan, tmp_path):
    write_fake_run(plan.trials[0], tmp_path)
    failed = tmp_path / plan.trials[1].run_id
    fingerprint = trial_fingerprint(plan.trials[1])
    write_record(failed, fingerprint, "failed", error="no memory")
    table, errors = summarize_states([plan], tmp_path)
    assert table.to_dict("records") == [
        {
            "experiment": "mine",
            "dataset": "tiny",
            "done": 1,
            "failed": 1,
            "missing": 2,
            "trials": 4,
        }
    ]
    assert errors == {plan.trials[1].run_id: "no memory"}

import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camgr_tf.reporting.report import write_report
from camgr_tf.reporting.significance import compare_labels

RNG = np.random.default_rng(0)
USERS = {
    "CAmgr": RNG.uniform(size=40),
    "w/o IUD": RNG.uniform(size=40),
    "w/o CAFF": RNG.uniform(size=40),
}
RECALLS = {"CAmgr": 0.1, "w/o IUD": 0.05, "w/o CAFF": 0.09}


@pytest.fixture
def their_report(make_results, tmp_path):
    """A report of two seeds of all labels; none of their runs is here."""
    make_results("table3", RECALLS, seeds=2, per_user=USERS)
    folder = tmp_path / "theirs"
    write_report(tmp_path, folder)
    for run in tmp_path.glob("tiny-*"):
        shutil.rmtree(run)
    return folder


def _report(tmp_path, their_report):
    folder = tmp_path / "report"
    write_report(tmp_path, folder, ["table3"], other=their_report)
    tests = pd.read_csv(folder / "significance.csv")
    tests = tests[tests["metric"] == "recall@20"].set_index("label")
    return folder, tests


def test_their_test_is_corrected_together_with_ours(
    make_results, tmp_path, their_report
):
    """Here ran the reference, as there, and one of the two labels."""
    recalls = {name: RECALLS[name] for name in ("CAmgr", "w/o CAFF")}
    users = {**USERS, "w/o CAFF": USERS["CAmgr"] + RNG.normal(0.1, 0.2, 40)}
    make_results("table3", recalls, seeds=2, per_user=users)
    folder, tests = _report(tmp_path, their_report)
    assert list(tests.index) == ["w/o IUD", "w/o CAFF"]
    p_values = [
        stats.wilcoxon(users["CAmgr"], users[label]).pvalue
        for label in tests.index
    ]
    assert tests["wilcoxon_p"].tolist() == pytest.approx(p_values)
    smaller, larger = sorted(p_values)
    assert sorted(tests["wilcoxon_holm_p"]) == pytest.approx(
        sorted([min(1, 2 * smaller), max(2 * smaller, larger)])
    )
    rows = pd.read_csv(folder / "results.csv")
    counts = rows["label"].value_counts()
    assert counts.to_dict() == {"CAmgr": 2, "w/o IUD": 2, "w/o CAFF": 2}
    page = (folder / "tables" / "table3.md").read_text()
    assert "0.0505 ± 0.0007" in page  # the mean of .05 and .051
    assert (
        "w/o IUD" in (folder / "tables" / "table3-significance.md").read_text()
    )


def test_a_test_of_other_results_is_not_taken(
    make_results, tmp_path, their_report
):
    """The reference ran again and came out otherwise than there."""
    make_results("table3", {"CAmgr": 0.2}, seeds=2, per_user=USERS)
    folder, tests = _report(tmp_path, their_report)
    assert not len(tests)
    rows = pd.read_csv(folder / "results.csv")
    recalls = rows.groupby("label")["test_recall@20"].mean()
    assert recalls["CAmgr"] == pytest.approx(0.2005)
    assert recalls["w/o IUD"] == pytest.approx(0.0505)


def test_a_test_of_runs_that_are_not_all_there_is_not_taken(
    make_results, tmp_path, their_report
):
    path = their_report / "results.csv"
    rows = pd.read_csv(path)
    gone = (rows["label"] == "w/o IUD") & (rows["seed"] == 1)
    rows[~gone].to_csv(path, index=False)
    make_results("table3", {"CAmgr": 0.1}, seeds=2, per_user=USERS)
    _, tests = _report(tmp_path, their_report)
    assert list(tests.index) == ["w/o CAFF"]


def test_a_test_of_more_seeds_is_kept(make_results, tmp_path, their_report):
    """Only one of the two seeds has its users' values here."""
    users = {**USERS, "w/o IUD": USERS["CAmgr"] + 1}
    result = make_results("table3", RECALLS, seeds=2, per_user=users)
    ones = result.rows.loc[result.rows["seed"] == 1, "run_id"]
    for run_id in ones:
        (tmp_path / run_id / "per_user.npz").unlink()
    tests = compare_labels(result, tmp_path, their_report)
    assert set(tests["num_seeds"]) == {2}
    own = compare_labels(result, tmp_path)
    assert set(own["num_seeds"]) == {1}
    taken = tests.set_index(["label", "metric"])["effect_percent"]
    theirs = pd.read_csv(their_report / "significance.csv")
    theirs = theirs.set_index(["label", "metric"])["effect_percent"]
    pd.testing.assert_series_equal(
        taken.sort_index(), theirs.sort_index(), check_dtype=False
    )


def test_a_report_without_tests_can_be_added(make_results, tmp_path):
    make_results("figure2", {"text": 0.1})
    write_report(tmp_path, tmp_path / "theirs", ["figure2"])
    make_results("table3", RECALLS, per_user=USERS)
    _, tests = _report(tmp_path, tmp_path / "theirs")
    assert list(tests.index) == ["w/o IUD", "w/o CAFF"]


def test_refuses_tests_without_their_number_of_seeds(
    make_results, tmp_path, their_report
):
    path = their_report / "significance.csv"
    pd.read_csv(path).drop(columns="num_seeds").to_csv(path, index=False)
    make_results("table3", {"CAmgr": 0.1}, seeds=2, per_user=USERS)
    with pytest.raises(ValueError, match="significance.csv has no column num_"):
        _report(tmp_path, their_report)

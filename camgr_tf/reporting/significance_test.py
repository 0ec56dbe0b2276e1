import numpy as np
import pytest
from scipy import stats

from camgr_tf.reporting.significance import build_significance_table
from camgr_tf.reporting.significance import compare_labels
from camgr_tf.reporting.significance import mark_significance

RNG = np.random.default_rng(0)
USERS = {
    "CAmgr": RNG.uniform(size=40),
    "w/o IUD": RNG.uniform(size=40),
    "w/o CAFF": RNG.uniform(size=40),
}
USERS["w/o IUD"] = USERS["CAmgr"] - RNG.uniform(0.01, 0.1, size=40)
RECALLS = dict.fromkeys(USERS, 0.1)


def test_tests_against_scipy(make_results, tmp_path):
    result = make_results("table3", RECALLS, per_user=USERS)
    tests = compare_labels(result, tmp_path)
    tests = tests[tests["metric"] == "recall@20"].set_index("label")
    assert list(tests.index) == ["w/o IUD", "w/o CAFF"]
    p_values = [
        stats.wilcoxon(USERS["CAmgr"], USERS[label]).pvalue
        for label in tests.index
    ]
    assert tests["wilcoxon_p"].tolist() == pytest.approx(p_values)
    # Two tests: the smaller p-value is doubled.
    assert tests["wilcoxon_holm_p"].tolist() == pytest.approx(
        [2 * p_values[0], p_values[1]]
    )
    t = stats.ttest_rel(USERS["CAmgr"], USERS["w/o CAFF"]).pvalue
    assert tests.loc["w/o CAFF", "t_p"] == pytest.approx(t)
    ours, theirs = USERS["CAmgr"].mean(), USERS["w/o IUD"].mean()
    effect = 100 * (ours / theirs - 1)
    assert tests.loc["w/o IUD", "effect_percent"] == pytest.approx(effect)


def test_only_seeds_of_both_count(make_results, tmp_path):
    result = make_results("table3", RECALLS, seeds=2, per_user=USERS)
    rows = result.rows[
        (result.rows["label"] != "w/o CAFF") | (result.rows["seed"] == 1)
    ]
    tests = compare_labels(type(result)(result.plan, rows), tmp_path)
    seeds = tests.drop_duplicates("label").set_index("label")["num_seeds"]
    assert seeds.to_dict() == {"w/o IUD": 2, "w/o CAFF": 1}


def test_marks_say_which_is_better(make_results, tmp_path):
    users = {**USERS, "w/o CAFF": USERS["CAmgr"] + 0.2}
    result = make_results("table3", RECALLS, per_user=users)
    tests = compare_labels(result, tmp_path)
    marks = mark_significance(tests)
    assert marks["tiny", "w/o IUD", "recall@20"] == "†"
    assert marks["tiny", "w/o CAFF", "ndcg@20"] == "‡"
    table = build_significance_table([result], tests)
    assert table.rows[0][1].text == "w/o IUD"
    assert table.rows[0][3].text.startswith("+")
    assert table.rows[0][5].text == "<0.0001"


def test_without_runs_there_is_no_test(make_results, tmp_path):
    result = make_results("table3", {"w/o IUD": 0.1})
    tests = compare_labels(result, tmp_path)
    assert len(tests) == 0
    assert mark_significance(tests) == {}


def test_other_users_are_refused(make_results, tmp_path):
    result = make_results("table3", {"CAmgr": 0.1, "w/o IUD": 0.1})
    run_id = result.rows[result.rows["label"] == "w/o IUD"]["run_id"].iloc[0]
    path = tmp_path / run_id / "per_user.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "user_ids": arrays["user_ids"] + 1})
    with pytest.raises(ValueError, match="'w/o IUD' were tested on other"):
        compare_labels(result, tmp_path)

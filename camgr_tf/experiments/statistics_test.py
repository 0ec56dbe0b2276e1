import numpy as np
import pytest
from scipy import stats

from camgr_tf.experiments.statistics import adjust_holm
from camgr_tf.experiments.statistics import compare_users
from camgr_tf.experiments.statistics import summarize_seeds


def test_summary_by_hand():
    # Mean 2, deviation 1; t with 2 degrees of freedom at 0.975 is 4.302653.
    summary = summarize_seeds([1.0, 2.0, 3.0])
    half = 4.302653 / np.sqrt(3)
    assert (summary.mean, summary.std, summary.num_seeds) == (2.0, 1.0, 3)
    assert summary.low == pytest.approx(2 - half, abs=1e-6)
    assert summary.high == pytest.approx(2 + half, abs=1e-6)


def test_summary_against_scipy():
    values = np.random.default_rng(0).normal(size=5)
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    summary = summarize_seeds(values)
    assert summary.low == pytest.approx(low)
    assert summary.high == pytest.approx(high)


def test_one_seed_has_no_deviation():
    summary = summarize_seeds([0.25])
    assert summary.mean == 0.25 and summary.num_seeds == 1
    assert np.isnan([summary.std, summary.low, summary.high]).all()


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        summarize_seeds([])


def test_comparison_by_hand():
    # Five differences of one sign: of 2^5 signs two are as extreme, 2 / 32.
    ours = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.0, 0.0])
    theirs = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0])
    comparison = compare_users(ours, theirs)
    assert comparison.wilcoxon_p == pytest.approx(2 / 32)
    assert comparison.effect_percent == pytest.approx(100 * (4.0 - 2.5) / 2.5)
    assert (comparison.num_users, comparison.num_different) == (7, 5)


def test_comparison_against_scipy():
    rng = np.random.default_rng(1)
    ours, theirs = rng.uniform(size=(2, 200))
    ours[:120] = theirs[:120] = 0.0
    comparison = compare_users(ours, theirs)
    assert comparison.t_p == pytest.approx(stats.ttest_rel(ours, theirs).pvalue)
    assert comparison.wilcoxon_p == pytest.approx(
        stats.wilcoxon(ours[120:], theirs[120:]).pvalue
    )


def test_equal_users_do_not_differ():
    values = np.array([0.1, 0.2])
    comparison = compare_users(values, values + 1e-17)
    assert (comparison.wilcoxon_p, comparison.t_p) == (1.0, 1.0)
    assert comparison.num_different == 0
    assert comparison.effect_percent == 0.0


def test_effect_over_zero():
    assert compare_users([1.0, 0.0], [0.0, 0.0]).effect_percent == np.inf
    assert compare_users([0.0, 0.0], [0.0, 0.0]).effect_percent == 0.0


def test_other_users_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(3,\) and \(2,\)"):
        compare_users([0.1, 0.2, 0.3], [0.1, 0.2])


@pytest.mark.parametrize(
    "given, expected",
    [
        # 3 x 0.01; then 2 x 0.03; then 0.04 is raised to what came before.
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_by_hand(given, expected):
    np.testing.assert_allclose(adjust_holm(given), expected)

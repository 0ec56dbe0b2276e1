"""Means over seeds, and tests over users."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Summary:
    """A metric over seeds.

    Args:
        mean: Float.
        std: Float. Of the sample, with `n - 1`; NaN for one seed.
        low: Float. Lower end of the 95 % interval of the mean, by Student's
            t; NaN for one seed.
        high: Float. Upper end.
        num_seeds: Integer.
    """

    mean: float
    std: float
    low: float
    high: float
    num_seeds: int


@dataclass(frozen=True)
class Comparison:
    """A model against another one, user by user.

    Args:
        effect_percent: Float. Difference of the means, in percent of the
            other's.
        wilcoxon_p: Float. Of the signed-rank test, two-sided.
        t_p: Float. Of the paired t-test, two-sided.
        num_users: Integer.
        num_different: Integer. Users whose values differ.
    """

    effect_percent: float
    wilcoxon_p: float
    t_p: float
    num_users: int
    num_different: int


def summarize_seeds(values):
    """Mean, standard deviation and 95 % interval over seeds.

    Args:
        values: Float array, one value a seed.

    Returns:
        `Summary`.

    Raises:
        ValueError: If there is no value.
    """
    values = np.asarray(values, "float64")
    if not len(values):
        raise ValueError("A summary needs at least one value. Received: none")
    mean, n = values.mean(), len(values)
    if n == 1:
        return Summary(float(mean), np.nan, np.nan, np.nan, 1)
    std = values.std(ddof=1)
    half = stats.t.ppf(0.975, n - 1) * std / np.sqrt(n)
    return Summary(
        float(mean), float(std), float(mean - half), float(mean + half), n
    )


def compare_users(values, others):
    """Paired tests of one metric over users.

    The signed-rank test leaves out users whose values are equal, as
    Wilcoxon did; most users of a sparse dataset have zero in both.

    Args:
        values: Float array of shape `(num_users,)`.
        others: Float array of the same users in the same order.

    Returns:
        `Comparison`. The p-values are 1 if no user's values differ.

    Raises:
        ValueError: If the shapes differ.
    """
    values = np.asarray(values, "float64")
    others = np.asarray(others, "float64")
    if values.shape != others.shape:
        raise ValueError(
            "`values` and `others` must be of the same users. Received: "
            f"shapes {values.shape} and {others.shape}"
        )
    # Means over seeds that agree but for the last bit count as equal.
    differences = np.round(values - others, 12)
    num_different = int(np.count_nonzero(differences))
    wilcoxon_p = t_p = 1.0
    if num_different:
        wilcoxon_p = float(stats.wilcoxon(differences).pvalue)
        t_p = _paired_t(differences)
    return Comparison(
        effect_percent=_percent(values.mean() - others.mean(), others.mean()),
        wilcoxon_p=wilcoxon_p,
        t_p=t_p,
        num_users=len(values),
        num_different=num_different,
    )


def adjust_holm(p_values):
    """Holm's correction for testing several hypotheses.

    ```
    p'_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),  p_(1) <= ...
    ```

    Args:
        p_values: Float array of shape `(m,)`.

    Returns:
        Float array of shape `(m,)`, in the same order.
    """
    p_values = np.asarray(p_values, "float64")
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(
        1.0, np.maximum.accumulate(factors * p_values[order])
    )
    return adjusted


def _paired_t(differences):
    if len(differences) < 2:
        return 1.0
    if np.ptp(differences) == 0:
        return 0.0  # the same difference for every user
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def _percent(difference, base):
    if base:
        return float(100 * difference / base)
    return float(np.sign(difference) * np.inf) if difference else 0.0

"""Per-user tests of one model against the others of an experiment."""

import numpy as np
import pandas as pd

from camgr_tf.experiments.statistics import adjust_holm
from camgr_tf.experiments.statistics import compare_users
from camgr_tf.reporting.added_tests import add_tests
from camgr_tf.reporting.result_tables import metric_name
from camgr_tf.reporting.table import Entry
from camgr_tf.reporting.table import Table

LEVEL = 0.05
BETTER, WORSE = "†", "‡"


def compare_labels(result, output_root, other=None):
    """Tests the reference of an experiment against its other labels.

    A user's value is the mean over those seeds that both have. The p-values
    of one metric are corrected together.

    Args:
        result: `DatasetResults` whose definition has a `reference`.
        output_root: Path of the folder of all runs.
        other: Path of another report's folder, for `add_tests`. Defaults to
            `None`.

    Returns:
        DataFrame with the columns `dataset`, `label`, `metric`,
        `effect_percent` (positive where the reference is better),
        `wilcoxon_p`, `wilcoxon_holm_p`, `t_p`, `t_holm_p`, `num_users`,
        `num_different` and `num_seeds`; no row for labels without runs.

    Raises:
        ValueError: If two runs were not tested on the same users.
    """
    definition = result.plan.definition
    runs = {
        label: _per_user(result, label, output_root) for label in result.labels
    }
    reference = runs.pop(definition.reference)
    rows = []
    for metric in definition.metrics:
        for label, others in runs.items():
            seeds = sorted(set(reference) & set(others))
            if not seeds:
                continue
            ours, theirs = (
                np.mean([by_seed[s][metric] for s in seeds], axis=0)
                for by_seed in (reference, others)
            )
            _check_users(reference[seeds[0]], others[seeds[0]], label)
            comparison = compare_users(ours, theirs)
            rows.append(
                {
                    "dataset": result.name,
                    "label": label,
                    "metric": metric,
                    **vars(comparison),
                    "num_seeds": len(seeds),
                }
            )
    tests = pd.DataFrame(rows)
    if other is not None:
        tests = add_tests(tests, result, other)
    if len(tests):
        for name in ("wilcoxon", "t"):
            by_metric = tests.groupby("metric")[f"{name}_p"]
            tests[f"{name}_holm_p"] = by_metric.transform(adjust_holm)
    return tests


def mark_significance(tests):
    """Signs for the labels that differ from the reference.

    Args:
        tests: DataFrame of `compare_labels`.

    Returns:
        Dictionary from `(dataset, label, metric)` to `"†"` where the
        reference is significantly better than the label, `"‡"` where it is
        worse: Wilcoxon's test, Holm-corrected, at 0.05.
    """
    marks = {}
    for test in tests.itertuples(index=False):
        if test.wilcoxon_holm_p < LEVEL:
            mark = BETTER if test.effect_percent > 0 else WORSE
            marks[test.dataset, test.label, test.metric] = mark
    return marks


def explain_marks(reference):
    """The note that goes with `mark_significance`."""
    return (
        f"{BETTER}: {reference} is significantly better than this, {WORSE}: "
        "worse (Wilcoxon's signed-rank test over users, Holm-corrected over "
        "the labels, p < 0.05)."
    )


def build_significance_table(results, tests):
    """All tests of one experiment.

    Args:
        results: List of `DatasetResults` of one experiment.
        tests: DataFrame of `compare_labels`, of all these datasets.

    Returns:
        `Table`.
    """
    definition = results[0].plan.definition
    titles = {result.name: result.title for result in results}
    header = ["Dataset", f"{definition.reference} against", "Metric"]
    header += ["Effect", "Wilcoxon p", "Holm", "t-test p", "Holm"]
    header += ["Users", "of these different", "Seeds"]
    rows = []
    for test in tests.itertuples(index=False):
        texts = [
            titles[test.dataset],
            test.label,
            metric_name(test.metric),
            f"{test.effect_percent:+.1f} %".replace("-", "−"),
            *map(
                _p_value,
                (
                    test.wilcoxon_p,
                    test.wilcoxon_holm_p,
                    test.t_p,
                    test.t_holm_p,
                ),
            ),
            f"{test.num_users:,}",
            f"{test.num_different:,}",
            str(test.num_seeds),
        ]
        rows.append([Entry(text) for text in texts])
    notes = [
        "Paired over test users, each user's value being the mean over seeds. "
        "The effect is the difference of the means in percent of the other's. "
        "Wilcoxon's test leaves out users with equal values.",
        *(n for result in results for n in result.data_labels.values()),
    ]
    return Table(
        f"{definition.name}-significance",
        f"{definition.title}: {definition.reference} against the others",
        header,
        rows,
        notes,
        num_keys=3,
        aside=True,
    )


def _per_user(result, label, output_root):
    """Arrays of `per_user.npz` by seed."""
    rows = result.rows[result.rows["label"] == label]
    found = {}
    for row in rows.itertuples(index=False):
        path = output_root / row.run_id / "per_user.npz"
        if path.is_file():
            with np.load(path) as arrays:
                found[int(row.seed)] = dict(arrays)
    return found


def _check_users(ours, theirs, label):
    if not np.array_equal(ours["user_ids"], theirs["user_ids"]):
        raise ValueError(
            f"The runs of {label!r} were tested on other users than those of "
            f"the reference: {len(theirs['user_ids'])} users instead of "
            f"{len(ours['user_ids'])}, or other ones."
        )


def _p_value(p):
    return "<0.0001" if p < 1e-4 else f"{p:.4f}"

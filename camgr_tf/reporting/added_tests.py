"""Tests over users that another report made."""

import numpy as np
import pandas as pd

from camgr_tf.experiments.added_results import read_table


def add_tests(tests, result, folder):
    """Takes another report's tests where the values of users are not here.

    The values of single users stay with their runs, so a test of runs that
    another machine made can only be taken over. It is, if it is of more seeds
    than the one made here, and all its runs have the same results here.

    Args:
        tests: DataFrame of `compare_labels`, before Holm's correction.
        result: `DatasetResults` that `tests` are of.
        folder: Path of the other report's folder.

    Returns:
        DataFrame: labels in the plan's order within each metric.

    Raises:
        FileNotFoundError: If the folder lacks `results.csv` or
            `significance.csv`.
        ValueError: If they lack a column.
    """
    keys = ["experiment", "dataset", "label"]
    values = ["metric", "num_seeds", "wilcoxon_p", "t_p"]
    theirs = _read(folder / "significance.csv", [*keys, *values], result)
    rows = _read(folder / "results.csv", [*keys, "run_id"], result)
    definition = result.plan.definition
    found = {(t["label"], t["metric"]): t for t in tests.to_dict("records")}
    for test in theirs.to_dict("records"):
        label, metric = test["label"], test["metric"]
        own = found.get((label, metric), {"num_seeds": 0})
        if test["num_seeds"] > own["num_seeds"] and all(
            _same_runs(result.rows, rows, name, test)
            for name in (definition.reference, label)
        ):
            found[label, metric] = test
    return pd.DataFrame(
        found[label, metric]
        for metric in definition.metrics
        for label in result.labels
        if (label, metric) in found
    )


def _read(path, columns, result):
    """The rows of one experiment and dataset."""
    table = read_table(path, columns)
    chosen = (table["experiment"] == result.plan.definition.name) & (
        table["dataset"] == result.name
    )
    return table[chosen].drop(columns="experiment")


def _same_runs(ours, theirs, label, test):
    """Whether each of their runs of a label has the same value here."""
    column = f"test_{test['metric']}"
    if column not in ours or column not in theirs:
        return False
    ours = ours[ours["label"] == label].set_index("run_id")[column]
    theirs = theirs[theirs["label"] == label].set_index("run_id")[column]
    return (
        len(theirs) >= test["num_seeds"]
        and set(theirs.index) <= set(ours.index)
        and np.allclose(
            ours[theirs.index].to_numpy("float64"),
            theirs.to_numpy("float64"),
            rtol=1e-9,
            atol=0,
        )
    )

"""The tables of pages: what stands between two markers comes from results.

```
<!-- table: ablations baby -->
...
<!-- table: end -->
```

holds the rows of the experiment `ablations` on `baby`; `readings` in place of
an experiment stands for all readings of the paper, and `benchmarks NAME` for
the file `benchmarks-NAME.csv`.
"""

import inspect
import re

import pandas as pd

from camgr_tf.experiments.added_results import read_table
from camgr_tf.experiments.definition import load_definition
from camgr_tf.registry import find_model
from camgr_tf.reporting.table import escape_markdown
from camgr_tf.staged_file import staged_file

MARKED = re.compile(
    r"(<!-- table: (\w+) (\S+) -->\n)(.*?)(<!-- table: end -->)", re.DOTALL
)
# Columns of a benchmark that a page shows, where it has them.
MEASURED = {
    "label": "",
    "scale": "times Baby",
    "million_users": "M users",
    "items": "items",
    "embedding_dim": "dim",
    "step_nodes": "nodes a step",
    "step_seconds": "s a step",
    "step_cpu_seconds": "CPU s a step",
    "epoch_seconds": "s an epoch",
    "graph_seconds": "s",
    "recall": "recall",
    "times_floor": "times its floor",
    "peak_memory_mb": "peak MB",
}
# Whose variants are readings of the paper.
EXPERIMENTS = ("readings", "ablations", "sensitivity")
# What no reading of an equation is.
IGNORED = ("label", "model", "patience", "modalities")


def write_marked_tables(path, results):
    """Renews all marked tables of a Markdown file.

    Args:
        path: Path of the file.
        results: Path of the folder with a report's `results.csv` and
            `significance.csv`.

    Raises:
        FileNotFoundError: If the folder lacks one of the two files.
        ValueError: If one of them lacks a column, the Markdown file has no
            markers, or it names an experiment on a dataset of which there is
            no result.
    """
    text = path.read_text(encoding="utf-8")
    renewed = renew_marked_tables(text, results, path)
    with staged_file(path) as staging:
        staging.write_text(renewed, encoding="utf-8")


def renew_marked_tables(text, results, path="the text"):
    """The text with its marked tables as the results are.

    Args:
        text: String in Markdown.
        results: Path of the folder with `results.csv`.
        path: Name of the text in errors. Defaults to `"the text"`.

    Returns:
        String.

    Raises:
        FileNotFoundError, ValueError: As `write_marked_tables`.
    """
    if not MARKED.search(text):
        raise ValueError(
            f"{path} has no table between `<!-- table: EXPERIMENT DATASET "
            "-->` and `<!-- table: end -->`."
        )
    keys = ["experiment", "dataset", "label"]
    table = read_table(results / "results.csv", keys)
    tests = read_table(results / "significance.csv", [*keys, "metric"])

    def renew(found):
        start, experiment, dataset, _, end = found.groups()
        rows = table[table["dataset"] == dataset]
        if experiment == "readings":
            lines = readings_table(rows)
        elif experiment == "benchmarks":
            file = results / f"benchmarks-{dataset}.csv"
            lines = benchmark_table(pd.read_csv(file))
        else:
            rows = rows[rows["experiment"] == experiment]
            tested = tests["experiment"] == experiment
            tested &= tests["dataset"] == dataset
            lines = experiment_table(rows, tests[tested])
        if len(lines) == 2:
            raise ValueError(
                f"{path}: {results / 'results.csv'} has no row of "
                f"{experiment!r} on {dataset!r}."
            )
        return "\n".join([start.rstrip(), *lines, end])

    return MARKED.sub(renew, text)


def experiment_table(rows, tests):
    """One line a label: means over seeds, and what the reference gains.

    Args:
        rows: DataFrame of `results.csv`, of one experiment on one dataset.
        tests: DataFrame of `significance.csv`, likewise.

    Returns:
        List of strings, a table in Markdown. Mean and standard deviation of
        Recall@20 and NDCG@20 over seeds; the gain in test Recall@20 of the
        experiment's reference, with Wilcoxon's p over users by Holm.
    """
    lines = [
        "| | validation Recall@20 | test Recall@20 | test NDCG@20 | seeds "
        "| the reference gains |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    tests = tests[tests["metric"] == "recall@20"].set_index("label")
    for label, runs in rows.groupby("label", sort=False):
        numbers = [
            _mean(runs[name])
            for name in (
                "validation_recall@20",
                "test_recall@20",
                "test_ndcg@20",
            )
        ]
        gain = ""
        if label in tests.index:
            test = tests.loc[label]
            # No line breaks within: spaces that hold together.
            gain = f"{test['effect_percent']:.1f} %, "
            gain += _probability(test["wilcoxon_holm_p"])
        cells = [escape_markdown(label), *numbers, str(len(runs)), gain]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def benchmark_table(rows):
    """What a benchmark measured, three digits each.

    Args:
        rows: DataFrame of `camgr bench`.

    Returns:
        List of strings, a table in Markdown.
    """
    names = [
        name for name in MEASURED if name in rows and rows[name].notna().any()
    ]
    lines = [
        f"| {' | '.join(MEASURED[name] for name in names)} |",
        f"|{' --- |' * len(names)}",
    ]
    for row in rows[names].itertuples(index=False):
        texts = [v if isinstance(v, str) else _digits(v) for v in row]
        lines.append(f"| {' | '.join(texts)} |")
    return lines


def _digits(value):
    if pd.isna(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def readings_table(rows):
    """Every reading that was run, with what it measured.

    Args:
        rows: DataFrame of `results.csv`, of one dataset.

    Returns:
        List of strings, a table in Markdown: what is read otherwise, how it
        is run, Recall@20 on validation and test as mean and standard
        deviation over the seeds, and their number.
    """
    lines = [
        "| reading | run as `-p` | validation Recall@20 | test Recall@20 "
        "| seeds |",
        "| --- | --- | --- | --- | --- |",
    ]
    shown = set()
    for experiment in EXPERIMENTS:
        definition = load_definition(experiment)
        runs = rows[rows["experiment"] == experiment]
        for variant in definition.variants:
            values = {**definition.parameters, **variant}
            given = {k: v for k, v in values.items() if k not in IGNORED}
            key = (values["model"], *sorted(given.items()))
            own = runs[runs["label"] == variant["label"]]
            if key in shown or not len(own) or "modalities" in variant:
                continue
            shown.add(key)
            lines.append(_reading(values["model"], given, own))
    return lines


def _reading(model, given, rows):
    if given:
        what = ", ".join(f"`{k}={v}`" for k, v in given.items())
    elif model == "camgr_paper":
        what = "the closest reading of each equation"
    else:
        what = inspect.getdoc(find_model(model)).splitlines()[0].rstrip(".")
    parameters = {"model": model, **given}
    run = " ".join(f"`{k} {v}`" for k, v in parameters.items())
    numbers = [_mean(rows[f"{p}_recall@20"]) for p in ("validation", "test")]
    return f"| {what} | {run} | {' | '.join(numbers)} | {len(rows)} |"


def _mean(values):
    if len(values) == 1:
        return _short(values.iloc[0])
    return f"{_short(values.mean())} ± {_short(values.std())}"


def _short(value):
    return f"{value:.4f}".removeprefix("0")


def _probability(p):
    return "p < .0001" if p < 0.0001 else f"p = {_short(p)}"

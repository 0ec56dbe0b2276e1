"""Tables 1 to 4 of the paper with our values, and those of own sweeps."""

from dataclasses import replace

import numpy as np

from camgr_tf.experiments.statistics import summarize_seeds
from camgr_tf.reporting.paper import paper_values
from camgr_tf.reporting.table import Entry
from camgr_tf.reporting.table import Table

METRIC_NAMES = {"recall": "Recall", "ndcg": "NDCG", "map": "MAP"}
MISSING = "–"


def build_results_table(results, marks=None):
    """The table of one experiment, in the form that its definition asks for.

    The paper's value and the difference stand beside each of ours, where the
    paper has one.

    Args:
        results: List of `DatasetResults` of one experiment.
        marks: Dictionary from `(dataset, label, metric)` to a sign behind
            our value, such as `"†"`. Defaults to `None`.

    Returns:
        `Table`.
    """
    definition = results[0].plan.definition
    build = {
        "labels_by_metrics": _labels_by_metrics,
        "metrics_by_labels": _metrics_by_labels,
        "one_row": _one_row,
    }[definition.layout]
    header, rows, num_keys = build(results, marks or {})
    notes = [note for result in results for note in result.notes()]
    if definition.paper_says:
        notes.append(f"The paper says: {definition.paper_says}")
    return Table(
        definition.name,
        definition.title,
        header,
        rows,
        list(dict.fromkeys(notes)),
        num_keys,
    )


def build_statistics_table(results):
    """Table 1: users, items, ratings and density of the datasets.

    Args:
        results: List of `DatasetResults` of a `"statistics"` experiment.

    Returns:
        `Table`.
    """
    definition = results[0].plan.definition
    header = ["Dataset", "", "Users", "Items", "Ratings", "Density"]
    header += ["Train", "Validation", "Test"]
    rows = []
    for result in results:
        counts = result.plan.facts["statistics"]
        numbers = [counts["users"], counts["items"], counts["interactions"]]
        density = 100 * counts["density"]
        parts = [counts[part] for part in ("train", "validation", "test")]
        keys = Entry(result.title)
        rows.append(
            [keys, Entry("ours"), *(Entry(f"{n:,}") for n in numbers)]
            + [Entry(f"{density:.3f} %"), *(Entry(f"{n:,}") for n in parts)]
        )
        paper = paper_values(definition.paper, result.name)
        if paper:
            names = ("users", "items", "interactions")
            theirs = [int(paper["", name]) for name in names]
            percent = paper["", "density_percent"]
            line = [f"{n:,}" for n in theirs] + [f"{percent:.3f} %"]
            rows.append(_muted(keys, "paper", line + [""] * 3))
            line = [
                f"{a - b:+,}" if a != b else "0"
                for a, b in zip(numbers, theirs)
            ]
            line.append(_difference(density, percent, 3) + " %")
            rows.append(_muted(keys, "difference", line + [""] * 3))
    notes = [note for r in results for note in r.data_labels.values()]
    notes.append("The paper does not print the sizes of the three parts.")
    return Table(
        definition.name, definition.title, header, rows, notes, num_keys=2
    )


def build_intervals_table(results):
    """Mean, deviation and 95 % interval of every label and metric.

    Args:
        results: List of `DatasetResults` of one experiment.

    Returns:
        `Table`.
    """
    definition = results[0].plan.definition
    header = ["Dataset", "Label", "Metric", "Mean", "Std"]
    header += ["95 % low", "95 % high", "Seeds"]
    rows = []
    for result in results:
        for label in result.labels:
            for metric in definition.metrics:
                values = result.values(label, metric)
                if not len(values):
                    continue
                s = summarize_seeds(values)
                rows.append(
                    [Entry(result.title), Entry(label)]
                    + [Entry(metric_name(metric))]
                    + [Entry(_number(v)) for v in (s.mean, s.std)]
                    + [Entry(_number(v)) for v in (s.low, s.high)]
                    + [Entry(str(s.num_seeds))]
                )
    return Table(
        f"{definition.name}-intervals",
        f"{definition.title}: deviation and 95 % interval over seeds",
        header,
        rows,
        ["The interval is Student's t for the mean over seeds."],
        num_keys=3,
        aside=True,
    )


def metric_name(metric):
    """`"Recall@20"` for `"recall@20"`."""
    name, _, k = metric.partition("@")
    return f"{METRIC_NAMES.get(name, name)}@{k}"


def _metrics_by_labels(results, marks):
    labels = _all_labels(results)
    rows = []
    for result in results:
        for metric in result.plan.definition.metrics:
            keys = [Entry(result.title), Entry(metric_name(metric))]
            points = [(label, metric) for label in labels]
            rows += [
                [*keys, Entry(kind), *entries]
                for kind, entries in _lines(result, points, marks)
            ]
    return ["Dataset", "Metric", "", *labels], rows, 3


def _one_row(results, marks):
    labels = _all_labels(results)
    metrics = results[0].plan.definition.metrics
    points = [(label, metric) for label in labels for metric in metrics]
    rows = []
    for result in results:
        rows += [
            [Entry(result.title), Entry(kind), *entries]
            for kind, entries in _lines(result, points, marks)
        ]
    # The parameter's name would make ten columns too wide.
    grid = list(results[0].plan.definition.grid)
    prefix = f"{grid[0]} = " if len(grid) == 1 else ""
    header = [
        f"{label.removeprefix(prefix)}, {metric_name(metric)}"
        for label, metric in points
    ]
    return ["Dataset", prefix.strip(), *header], rows, 2


def _labels_by_metrics(results, marks):
    metrics = results[0].plan.definition.metrics
    compared = any(result.paper for result in results)
    kinds = ("ours", "paper", "difference") if compared else ("ours",)
    header = ["Dataset", "Variant"]
    for metric in metrics:
        header += [metric_name(metric), *kinds[1:]]
    rows = []
    for result in results:
        columns = []
        for metric in metrics:
            points = [(label, metric) for label in result.labels]
            lines = dict(_lines(result, points, marks))
            blank = [Entry()] * len(points)
            # Here the deviation stands in the cell, not below it.
            deviations = lines.get("±", blank)
            lines["ours"] = [
                replace(a, text=f"{a.text} ± {b.text}")
                if b.text not in ("", MISSING)
                else a
                for a, b in zip(lines["ours"], deviations)
            ]
            columns += [lines.get(kind, blank) for kind in kinds]
        for label, *entries in zip(result.labels, *columns):
            rows.append([Entry(result.title), Entry(label), *entries])
    return header, rows, 2


def _lines(result, points, marks):
    """Our entries, and where the paper has some, its own and differences."""
    summaries = [result.summary(*point) for point in points]
    means = [None if s is None else s.mean for s in summaries]
    ranks = _ranks(means, points)
    yield (
        "ours",
        [
            Entry(
                MISSING if mean is None else _number(mean),
                rank,
                mark=marks.get((result.name, *point), ""),
            )
            for point, mean, rank in zip(points, means, ranks)
        ],
    )
    if any(s is not None and s.num_seeds > 1 for s in summaries):
        yield (
            "±",
            [
                Entry(MISSING if s is None else _number(s.std), muted=True)
                for s in summaries
            ],
        )
    paper = result.paper
    if not any(point in paper for point in points):
        return
    theirs = [paper.get(point) for point in points]
    yield (
        "paper",
        [
            Entry(MISSING if v is None else f"{v:.4f}", rank, muted=True)
            for v, rank in zip(theirs, _ranks(theirs, points))
        ],
    )
    yield (
        "difference",
        [
            Entry(_difference(mean, value), muted=True)
            for mean, value in zip(means, theirs)
        ],
    )


def _ranks(values, points):
    """1 for the best value of each metric, 2 for the second, else 0."""
    ranks = [0] * len(values)
    for metric in {metric for _, metric in points}:
        places = [
            p
            for p, (_, name) in enumerate(points)
            if name == metric and values[p] is not None
        ]
        if len(places) < 2:
            continue
        shown = {p: round(values[p], 4) for p in places}
        best = sorted(set(shown.values()), reverse=True)[:2]
        for place in places:
            if shown[place] in best:
                ranks[place] = 1 + best.index(shown[place])
    return ranks


def _all_labels(results):
    return list(dict.fromkeys(n for result in results for n in result.labels))


def _number(value):
    return MISSING if np.isnan(value) else f"{value:.4f}"


def _difference(ours, theirs, decimals=4):
    if ours is None or theirs is None:
        return MISSING
    return f"{ours - theirs:+.{decimals}f}".replace("-", "−")


def _muted(key, kind, texts):
    return [key, Entry(kind), *(Entry(text, muted=True) for text in texts)]

"""The table of readings of the paper: from their classes and the results."""

import inspect

import pandas as pd

from camgr_tf.experiments.definition import load_definition
from camgr_tf.registry import find_model
from camgr_tf.staged_file import staged_file

EXPERIMENTS = ("readings", "ablations", "sensitivity")
START, END = "<!-- readings: start -->", "<!-- readings: end -->"
# What no reading of an equation is.
IGNORED = ("label", "model", "patience", "modalities")


def readings_table(results, dataset="baby"):
    """Every reading that was run, with what it measured.

    Args:
        results: Path of a report's `results.csv`.
        dataset: String. Defaults to `"baby"`.

    Returns:
        String, a table in Markdown: what differs from the default, how it is
        run, Recall@20 on validation and test as mean and standard deviation
        over the seeds, and their number.
    """
    table = pd.read_csv(results)
    table = table[table["dataset"] == dataset]
    lines = [
        "| reading | run as `-p` | validation Recall@20 "
        "| test Recall@20 | seeds |",
        "| --- | --- | --- | --- | --- |",
    ]
    shown = set()
    for experiment in EXPERIMENTS:
        definition = load_definition(experiment)
        runs = table[table["experiment"] == experiment]
        for variant in definition.variants:
            values = {**definition.parameters, **variant}
            given = {k: v for k, v in values.items() if k not in IGNORED}
            key = (values["model"], *sorted(given.items()))
            rows = runs[runs["label"] == variant["label"]]
            if key in shown or not len(rows) or "modalities" in variant:
                continue
            shown.add(key)
            lines.append(_line(values["model"], given, rows))
    return "\n".join(lines) + "\n"


def write_readings(path, results):
    """Replaces the table between the markers of a Markdown file.

    Args:
        path: Path of the file.
        results: Path of a report's `results.csv`.

    Raises:
        ValueError: If the file has no markers.
    """
    text = path.read_text(encoding="utf-8")
    if START not in text or END not in text:
        raise ValueError(f"{path} has no lines {START!r} and {END!r}.")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    table = readings_table(results)
    with staged_file(path) as staging:
        staging.write_text(
            f"{before}{START}\n{table}{END}{after}", encoding="utf-8"
        )


def _line(model, given, rows):
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
    def short(value):
        return f"{value:.4f}".removeprefix("0")

    if len(values) == 1:
        return short(values.iloc[0])
    return f"{short(values.mean())} ± {short(values.std())}"

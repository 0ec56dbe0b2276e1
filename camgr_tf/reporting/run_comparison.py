"""Single runs beside each other: settings, metrics, tests over users."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camgr_tf.experiments.statistics import adjust_holm
from camgr_tf.experiments.statistics import compare_users
from camgr_tf.reporting.result_tables import metric_name
from camgr_tf.training.saved_runs import read_description
from camgr_tf.training.saved_runs import read_history
from camgr_tf.training.saved_runs import read_metrics
from camgr_tf.training.state import load_arrays

METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")
MISSING = "-"
CODE = "code of "


@dataclass(frozen=True)
class RunComparison:
    """What differs between runs, the first being the reference.

    Args:
        settings: DataFrame of strings, a row for each parameter that is not
            the same in all runs, a column for each run.
        metrics: DataFrame of floats, a row for each part and metric, a
            column for each run.
        tests: DataFrame with a row for each other run and metric: `run`,
            `metric`, `change_percent` (positive where the run is better than
            the reference), `wilcoxon_p` and `wilcoxon_holm_p` (of the metric,
            over the runs), `num_users`, `num_different`.
        notes: List of strings, why a run is not tested or not comparable.
    """

    settings: pd.DataFrame
    metrics: pd.DataFrame
    tests: pd.DataFrame
    notes: list


def compare_runs(folders, metrics=METRICS):
    """Compares finished runs, from their files alone.

    Args:
        folders: List of paths of at least two runs.
        metrics: Tuple of strings. Defaults to Recall and NDCG at 10 and 20.

    Returns:
        `RunComparison`.

    Raises:
        FileNotFoundError: If one is no finished run.
        ValueError: If there are fewer than two, or one is given twice.
    """
    folders = [Path(folder) for folder in folders]
    if len(folders) < 2:
        raise ValueError(
            "A comparison needs at least two runs. "
            f"Received: {', '.join(folder.name for folder in folders)}"
        )
    names = run_names(folders)
    descriptions = [read_description(folder) for folder in folders]
    results = [read_metrics(folder) for folder in folders]
    settings = pd.DataFrame(
        {n: _settings(d) for n, d in zip(names, descriptions)}
    )
    # Code that one run does not use says nothing of the others.
    is_own = settings.index.str.startswith(CODE) & settings.isna().any(axis=1)
    settings = settings[~is_own].fillna(MISSING)
    differs = settings.nunique(axis=1) > 1
    values = pd.DataFrame(
        {
            name: {
                f"{part} {metric_name(metric)}": result[part].get(metric)
                for part in ("validation", "test")
                for metric in metrics
            }
            for name, result in zip(names, results)
        },
        dtype="float64",
    )
    tests, notes = _test(folders, names, metrics)
    for name, description in zip(names[1:], descriptions[1:]):
        if description["data_hash"] != descriptions[0]["data_hash"]:
            notes.append(
                f"{name} and {names[0]} were trained on different data: what "
                "differs between them may come from there."
            )
    masked = [result.get("masked_in_test") for result in results]
    for name, other in zip(names[1:], masked[1:]):
        if other != masked[0]:
            notes.append(
                f"{name} leaves out {other} in testing, {names[0]} "
                f"{masked[0]}: their test metrics are not of the same lists."
            )
    return RunComparison(settings[differs], values, tests, notes)


def run_names(folders):
    """Names of runs, whole paths where two folders have the same name.

    Args:
        folders: List of paths.

    Returns:
        List of strings.

    Raises:
        ValueError: If a folder is given twice.
    """
    resolved = [folder.resolve() for folder in folders]
    for folder in resolved:
        if resolved.count(folder) > 1:
            raise ValueError(f"The run {folder} is given twice.")
    short = [folder.name for folder in folders]
    return short if len(set(short)) == len(short) else list(map(str, resolved))


def plot_runs(folders):
    """Validation Recall@20 by epoch, and test metrics of all runs.

    Error bars are 95 % intervals of the mean over users.

    Args:
        folders: List of paths of runs.

    Returns:
        Matplotlib `Figure`.
    """
    folders = [Path(folder) for folder in folders]
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    epochs, bars = figure.subplots(1, 2)
    width = 0.8 / len(folders)
    for place, (folder, name) in enumerate(zip(folders, run_names(folders))):
        history, results = read_history(folder), read_metrics(folder)
        best = results["best_epoch"]
        (line,) = epochs.plot(history["epoch"], history["val_recall@20"])
        at_best = history[history["epoch"] == best]
        epochs.plot(at_best["epoch"], at_best["val_recall@20"], "o",
                    color=line.get_color())  # fmt: skip
        means = [results["test"].get(metric, np.nan) for metric in METRICS]
        users = _read_users(folder)
        errors = users and [
            1.96 * users[m].std() / np.sqrt(len(users[m])) for m in METRICS
        ]
        at = np.arange(len(METRICS)) + (place - (len(folders) - 1) / 2) * width
        bars.bar(at, means, 0.9 * width, yerr=errors, label=name)
    epochs.set_xlabel("epoch")
    epochs.xaxis.get_major_locator().set_params(integer=True)
    epochs.set_ylabel("validation Recall@20")
    epochs.set_ylim(bottom=0)
    bars.set_xticks(range(len(METRICS)), map(metric_name, METRICS))
    bars.set_ylabel("test, with 95 % intervals over users")
    for axes in (epochs, bars):
        axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center")
    return figure


def _settings(description):
    """What a run follows from, as text."""
    values = {
        name: str(value)
        for name, value in description["parameters"].items()
        if name != "data_root"
    }
    values["data"] = description["data_hash"][:12]
    # Of the batch size that the data gave, where none was given.
    if description.get("batch_size") and values.get("batch_size") == "None":
        values["batch_size"] = f"{description['batch_size']}, from the data"
    for module, digest in description.get("code", {}).items():
        values[CODE + module] = digest[:12]
    return values


def _test(folders, names, metrics):
    users = [_read_users(folder) for folder in folders]
    rows, notes = [], []
    for name, theirs in zip(names[1:], users[1:]):
        ours = users[0]
        if theirs is None or ours is None:
            lacking = names[0] if ours is None else name
            notes.append(
                f"{name} is not tested: {lacking} has no per_user.npz."
            )
            continue
        if not np.array_equal(ours["user_ids"], theirs["user_ids"]):
            notes.append(
                f"{name} is not tested: it was tested on "
                f"{len(theirs['user_ids'])} users, {names[0]} on "
                f"{len(ours['user_ids'])}, which are others."
            )
            continue
        for metric in metrics:
            found = compare_users(theirs[metric], ours[metric])
            rows.append(
                {
                    "run": name,
                    "metric": metric_name(metric),
                    "change_percent": found.effect_percent,
                    "wilcoxon_p": found.wilcoxon_p,
                    "num_users": found.num_users,
                    "num_different": found.num_different,
                }
            )
    tests = pd.DataFrame(rows)
    if rows:
        by_metric = tests.groupby("metric")["wilcoxon_p"]
        tests.insert(4, "wilcoxon_holm_p", by_metric.transform(adjust_holm))
    return tests, notes


def _read_users(folder):
    path = folder / "per_user.npz"
    return load_arrays(path)[0] if path.is_file() else None

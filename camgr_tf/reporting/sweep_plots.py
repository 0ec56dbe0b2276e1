"""Plots of sweeps: Figures 2 and 3 of the paper, heat maps, cost."""

import json

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from matplotlib.ticker import NullFormatter
from matplotlib.ticker import NullLocator
from matplotlib.ticker import StrMethodFormatter

from camgr_tf.reporting.result_tables import metric_name

WIDTH, HEIGHT = 4.6, 3.4
WIDE_RANGE = 20  # Values that span more than this factor go on a log axis.


def plot_bars(results):
    """One panel a metric, one group of bars a dataset (Figure 2).

    Args:
        results: List of `DatasetResults` of one experiment.

    Returns:
        Matplotlib `Figure`.
    """
    labels = results[0].labels
    figure, panels = _panels(results)
    width = 0.8 / len(labels)
    for axes, metric in panels:
        for place, label in enumerate(labels):
            means, errors = _means(results, label, metric)
            at = np.arange(len(results)) + (place - (len(labels) - 1) / 2) * (
                width
            )
            axes.bar(at, means, width * 0.9, yerr=errors, label=label)
        axes.set_xticks(range(len(results)), [_title(r) for r in results])
        axes.set_ylabel(metric_name(metric))
        axes.grid(axis="y", alpha=0.3)
    _legend_below(figure, panels[0][0])
    return figure


def plot_lines(results):
    """One panel a metric, one line a dataset over the swept parameter.

    Args:
        results: List of `DatasetResults` of an experiment whose grid has one
            parameter.

    Returns:
        Matplotlib `Figure` (Figure 3; Table 4).

    Raises:
        ValueError: If the grid has not one parameter.
    """
    definition = results[0].plan.definition
    if len(definition.grid) != 1:
        raise ValueError(
            f"Experiment {definition.name!r}: a line needs a grid of one "
            f"parameter. Received: {sorted(definition.grid)}"
        )
    ((parameter, values),) = definition.grid.items()
    figure, panels = _panels(results)
    for axes, metric in panels:
        for result in results:
            pairs = [_means([result], label, metric) for label in result.labels]
            axes.errorbar(
                values,
                [means[0] for means, _ in pairs],
                yerr=[errors[0] for _, errors in pairs],
                marker="o",
                capsize=3,
                label=_title(result),
            )
        if min(values) > 0 and max(values) / min(values) > WIDE_RANGE:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(values, [f"{v:g}" for v in values])
        axes.set(xlabel=parameter, ylabel=metric_name(metric))
        axes.grid(alpha=0.3)
    _legend_below(figure, panels[0][0])
    return figure


def plot_heat_maps(results):
    """One map a dataset of the first metric over a grid of two parameters.

    Args:
        results: List of `DatasetResults` of an experiment whose grid has two
            parameters.

    Returns:
        Matplotlib `Figure`.

    Raises:
        ValueError: If the grid has not two parameters.
    """
    definition = results[0].plan.definition
    if len(definition.grid) != 2:
        raise ValueError(
            f"Experiment {definition.name!r}: a heat map needs a grid of two "
            f"parameters. Received: {sorted(definition.grid)}"
        )
    (rows, row_values), (columns, column_values) = definition.grid.items()
    metric = definition.metrics[0]
    size = (WIDTH * len(results), HEIGHT)
    figure = Figure(figsize=size, layout="constrained")
    all_axes = figure.subplots(1, len(results), squeeze=False)[0]
    for axes, result in zip(all_axes, results):
        means = [_means([result], n, metric)[0][0] for n in result.labels]
        grid = np.reshape(means, (len(row_values), len(column_values)))
        image = axes.imshow(grid, cmap="Blues", aspect="auto")
        middle = (np.nanmin(grid) + np.nanmax(grid)) / 2 if len(grid) else 0
        for (row, column), value in np.ndenumerate(grid):
            axes.text(
                column,
                row,
                "–" if np.isnan(value) else f"{value:.4f}",
                ha="center",
                va="center",
                color="white" if value > middle else "black",
            )
        axes.set_xticks(range(len(column_values)), column_values)
        axes.set_yticks(range(len(row_values)), row_values)
        axes.set(xlabel=columns, ylabel=rows, title=_title(result))
        figure.colorbar(image, ax=axes, label=metric_name(metric))
    return figure


def plot_accuracy_by_time(results, output_root, metric="recall@20"):
    """Validation accuracy against seconds of training, a line a label.

    Only seeds 0 are drawn, of runs whose folder is here; a dot marks the
    best epoch.

    Args:
        results: List of `DatasetResults` of one experiment.
        output_root: Path of the folder of all runs.
        metric: String. Defaults to `"recall@20"`.

    Returns:
        Matplotlib `Figure`.
    """
    size = (max(7.0, 5.5 * len(results)), 4.2)
    figure = Figure(figsize=size, layout="constrained")
    all_axes = figure.subplots(1, len(results), squeeze=False)[0]
    for axes, result in zip(all_axes, results):
        rows = result.rows[result.rows["seed"] == 0]
        for number, label in enumerate(result.labels):
            for run_id in rows.loc[rows["label"] == label, "run_id"]:
                if not (output_root / run_id).is_dir():
                    continue
                seconds, accuracy, best = _curve(output_root / run_id, metric)
                style = {"color": f"C{number % 10}"}
                axes.plot(seconds, accuracy, label=label, lw=1.3, **style)
                axes.plot(seconds[best], accuracy[best], "o", ms=5, **style)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set(
            xlabel="seconds of training",
            ylabel=f"validation {metric_name(metric)}",
            title=_title(result),
        )
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(
                loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8
            )
    return figure


def _curve(folder, metric):
    history = pd.read_csv(folder / "history.csv")
    best = json.loads((folder / "metrics.json").read_text())["best_epoch"]
    seconds = history["train_seconds"].cumsum().to_numpy()
    return seconds, history[f"val_{metric}"].to_numpy(), best


def _title(result):
    """The dataset's name and, below it, the labels of its data."""
    return result.title.replace(" (", "\n(", 1)


def _panels(results):
    metrics = results[0].plan.definition.metrics
    size = (WIDTH * len(metrics), HEIGHT + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    all_axes = figure.subplots(1, len(metrics), squeeze=False)[0]
    return figure, list(zip(all_axes, metrics))


def _means(results, label, metric):
    """Means and deviations, NaN where nothing has finished."""
    summaries = [result.summary(label, metric) for result in results]
    means = [np.nan if s is None else s.mean for s in summaries]
    errors = [np.nan if s is None else np.nan_to_num(s.std) for s in summaries]
    return means, errors


def _legend_below(figure, axes):
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(len(labels), 6),
        frameon=False,
    )

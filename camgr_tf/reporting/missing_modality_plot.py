def plot_missing_modality(axes, table, metric="recall@20", label=None):
    """Draws what is left of a metric as items lose a modality.

    Args:
        axes: Matplotlib `Axes`.
        table: DataFrame of
            `camgr_tf.serving.missing_modality.evaluate_missing_modality`.
        metric: String, a column of `table`. Defaults to `"recall@20"`.
        label: String that stands before each modality in the legend, such as
            a model's name. Defaults to `None`.

    Returns:
        List of Matplotlib `Line2D`, one a modality.

    Raises:
        ValueError: If `table` has no such metric.
    """
    if metric not in table:
        raise ValueError(
            f"`metric` must be a column of the table. Received: {metric!r}"
        )
    lines = []
    for modality, rows in table.groupby("modality", sort=False):
        (line,) = axes.plot(
            100 * rows["fraction"],
            rows[metric],
            marker="o",
            linewidth=1,
            label=f"{label}, {modality}" if label else modality,
        )
        lines.append(line)
    axes.set(xlabel="items without the modality (%)", ylabel=metric)
    axes.set_ylim(bottom=0)
    axes.grid(True, alpha=0.3)
    axes.legend()
    return lines

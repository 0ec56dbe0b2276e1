"""Compares finished runs."""

from camgr_tf import paths
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import folder
from camgr_tf.cli.run_folder import find_run

SUMMARY = "compare runs: settings, metrics, p-values, one figure"
EXAMPLES = """
    camgr compare demo-camgr demo-mgcn
    camgr compare baby-mgcn baby-camgr baby-mf --figure /tmp/models.png
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "run_names",
        nargs="+",
        metavar="RUN",
        help="two or more finished runs, the first is the reference: their "
        "folders, names under the output root, or beginnings of names",
    )
    parser.add_argument(
        "--figure",
        type=folder,
        metavar="FILE",
        help="the PNG file (default: compare-....png in figures/ below the "
        "output root)",
    )
    add_output_root(parser)


def run(options):
    """Prints the comparison; draws and names the figure."""
    root = paths.output_root(options.output_root)
    folders = [find_run(name, root) for name in options.run_names]
    target = options.figure or root / "figures" / _figure_name(folders)
    if target.suffix != ".png":
        raise ValueError(f"--figure must end in .png. Received: {target}")
    from camgr_tf.reporting.figures import save_figure
    from camgr_tf.reporting.run_comparison import compare_runs
    from camgr_tf.reporting.run_comparison import plot_runs
    from camgr_tf.serving.lists import check_file

    check_file(target)
    comparison, figure = compare_runs(folders), plot_runs(folders)
    if len(comparison.settings):
        write(f"What differs:\n{comparison.settings.to_string()}")
    else:
        write("The runs have the same settings, data and code.")
    shown = comparison.metrics.to_string(float_format="%.4f", na_rep="-")
    write(f"\nMetrics:\n{shown}")
    if len(comparison.tests):
        reference = comparison.metrics.columns[0]
        tests = comparison.tests.to_string(
            index=False,
            header=["run", "metric", "change %", "p", "p (Holm)", "users",
                    "differing"],
            formatters={
                "change_percent": "{:+.1f}".format,
                "wilcoxon_p": _p_value,
                "wilcoxon_holm_p": _p_value,
            },
        )  # fmt: skip
        write(
            f"\nOn test, against {reference} (Wilcoxon's signed-rank test "
            f"over users):\n{tests}"
        )
    for note in comparison.notes:
        write(f"\nNote: {note}")
    path = save_figure(figure, target.parent, target.stem)
    write(f"\nFigure: {path}")


def _figure_name(folders):
    ends = [folder.name.rpartition("-")[2] for folder in folders]
    return f"compare-{'-'.join(ends[:4])}.png"


def _p_value(p):
    return "<0.0001" if p < 1e-4 else f"{p:.4f}"

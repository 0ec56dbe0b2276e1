"""Writes the report of sweeps."""

from pathlib import Path

from camgr_tf import paths
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import folder

SUMMARY = "write tables, figures and one HTML page of the sweeps"
EXAMPLES = """
    camgr report
    camgr report table3 figure2 --dataset baby --to /tmp/report
    camgr report --pages README.md notebooks/site/*.md
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        help="those that are shown (default: all that were started)",
    )
    parser.add_argument(
        "--dataset", metavar="NAME", help="that is shown (default: all)"
    )
    parser.add_argument(
        "--to",
        type=folder,
        metavar="FOLDER",
        help="folder of the report (default: report/ below the output root)",
    )
    parser.add_argument(
        "--add",
        type=folder,
        metavar="FOLDER",
        help="another report, such as that of another machine: its runs count "
        "for these sweeps where they are planned and not made here, and its "
        "other experiments are added to results.csv and significance.csv",
    )
    parser.add_argument(
        "--pages",
        type=folder,
        nargs="+",
        metavar="FILE",
        help="write instead the marked tables of these Markdown files, from "
        "the results in --add (default: outputs/results); a file without "
        "markers is left as it is",
    )
    add_output_root(parser)


def run(options):
    """Writes it from the results alone."""
    if options.pages:
        return _write_pages(options)
    from camgr_tf.reporting.report import write_report
    from camgr_tf.serving.lists import check_file

    root = paths.output_root(options.output_root)
    target = options.to or root / "report"
    check_file(target / "report.html")
    path = write_report(
        root,
        target,
        [Path(name).stem for name in options.experiments] or None,
        options.dataset,
        options.add,
    )
    write(f"{path}, with tables/ and figures/ beside it")


def _write_pages(options):
    from camgr_tf.reporting.marked_tables import MARKED
    from camgr_tf.reporting.marked_tables import write_marked_tables

    results = options.add or paths.output_root(options.output_root) / "results"
    for page in options.pages:
        if MARKED.search(page.read_text(encoding="utf-8")):
            write_marked_tables(page, results)
            write(f"{page}, its tables")

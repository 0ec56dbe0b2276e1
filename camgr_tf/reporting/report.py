"""The report: one HTML page, and its tables and figures as files."""

import base64
import io
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import jinja2
import matplotlib
import pandas as pd

from camgr_tf.experiments.added_results import add_experiments
from camgr_tf.experiments.added_results import add_runs
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.results import collect_results
from camgr_tf.experiments.results import write_results
from camgr_tf.reporting.paper import SOURCE
from camgr_tf.reporting.plausibility import build_plausibility_table
from camgr_tf.reporting.purification_plot import plot_purification
from camgr_tf.reporting.result_frame import group_results
from camgr_tf.reporting.result_tables import build_intervals_table
from camgr_tf.reporting.result_tables import build_results_table
from camgr_tf.reporting.result_tables import build_statistics_table
from camgr_tf.reporting.significance import build_significance_table
from camgr_tf.reporting.significance import compare_labels
from camgr_tf.reporting.significance import explain_marks
from camgr_tf.reporting.significance import mark_significance
from camgr_tf.reporting.sweep_plots import plot_accuracy_by_time
from camgr_tf.reporting.sweep_plots import plot_bars
from camgr_tf.reporting.sweep_plots import plot_heat_maps
from camgr_tf.reporting.sweep_plots import plot_lines
from camgr_tf.reporting.table import to_html
from camgr_tf.reporting.table import to_latex
from camgr_tf.reporting.table import to_markdown
from camgr_tf.staged_file import staged_file

TEMPLATE = Path(__file__).resolve().parent / "report.html.jinja"
TITLE = "CAmgr and nine recommenders: results"
DPI = 140


@dataclass
class Section:
    """One experiment in the report.

    Args:
        name: String. Name of the experiment.
        title: String.
        tables: List of `Table`. Defaults to an empty one.
        figures: List of Matplotlib `Figure`. Defaults to an empty one.
        warnings: List of strings, what is to be known of the data. Defaults
            to an empty one.
    """

    name: str
    title: str
    tables: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    warnings: list = field(default_factory=list)


def write_report(
    output_root, folder, experiments=None, dataset=None, other=None
):
    """Writes the report of all sweeps that were started, from results alone.

    `folder` then holds `report.html`, which needs no other file, `tables/`
    in Markdown and LaTeX, `figures/`, `results.csv`, `results.parquet` and
    `significance.csv`.

    Args:
        output_root: Path of the folder of all runs.
        folder: Path of the folder of the report.
        experiments: List of names. Defaults to `None`: all.
        dataset: String. Defaults to `None`: all.
        other: Path of another report's folder, such as that of another
            machine. Its runs count for the sweeps here that plan them and
            have not made them, with the tests that were made of them. Its
            rows of `results.csv` and `significance.csv` of further
            experiments are added to these files, not to the page. Defaults
            to `None`.

    Returns:
        Path of the HTML page.

    Raises:
        FileNotFoundError: If `other` lacks one of the two files.
        ValueError: If one of them lacks a column.
    """
    folder = Path(folder)
    other = None if other is None else Path(other)
    sections, results, tests = build_sections(
        output_root, experiments, dataset, other
    )
    all_results, all_tests = results, tests
    if other is not None:
        own = set()
        if len(results):
            own = set(zip(results["experiment"], results["dataset"]))
        all_results, all_tests = (
            add_experiments(table, other / name, own)
            for table, name in (
                (results, "results.csv"),
                (tests, "significance.csv"),
            )
        )
    write_results(all_results, folder)
    _write(
        folder / "significance.csv",
        all_tests.to_csv(index=False).encode(),
    )
    pages = [_write_section(section, folder) for section in sections]
    page = jinja2.Template(TEMPLATE.read_text(), autoescape=True).render(
        title=TITLE,
        summary=summarize_runs(results),
        warnings=_warnings(sections),
        sections=pages,
        source=SOURCE,
    )
    path = folder / "report.html"
    _write(path, page.encode())
    return path


def build_sections(output_root, experiments=None, dataset=None, other=None):
    """All sections of a report.

    Args:
        output_root: Path of the folder of all runs.
        experiments: List of names. Defaults to `None`: all.
        dataset: String. Defaults to `None`: all.
        other: Path of another report's folder, as in `write_report`.
            Defaults to `None`.

    Returns:
        Tuple of the list of `Section`, the DataFrame of `collect_results`
        and that of all tests over users.
    """
    output_root = Path(output_root)
    plans = read_plans(output_root, experiments, dataset)
    results = collect_results(plans, output_root)
    if other is not None:
        results = add_runs(results, other / "results.csv", plans)
    groups = group_results(sorted(plans, key=_place), results)
    built = [
        build_section(group, output_root, other) for group in groups.values()
    ]
    table = build_plausibility_table(groups)
    sections = [section for section, _ in built]
    sections.append(Section("plausibility", table.title, [table]))
    tests = pd.concat([found for _, found in built], ignore_index=True)
    return sections, results, tests


def build_section(results, output_root, other=None):
    """Tables and figures of one experiment.

    Args:
        results: List of `DatasetResults` of one experiment.
        output_root: Path of the folder of all runs.
        other: Path of another report's folder, as in `write_report`.
            Defaults to `None`.

    Returns:
        Tuple of the `Section` and the DataFrame of all tests over users.
    """
    definition = results[0].plan.definition
    section = Section(definition.name, definition.title)
    for result in results:
        section.warnings += [*result.data_labels.values(), *result.plan.notes]
    tests = pd.DataFrame()
    if definition.kind == "statistics":
        section.tables.append(build_statistics_table(results))
        return section, tests
    marks = {}
    if definition.reference is not None:
        tests = pd.concat(
            [compare_labels(result, output_root, other) for result in results]
        )
        marks = mark_significance(tests)
        tests.insert(0, "experiment", definition.name)
    table = build_results_table(results, marks)
    if marks:
        table.notes.append(explain_marks(definition.reference))
    section.tables.append(table)
    if any(len(r.rows) > r.rows["label"].nunique() for r in results):
        section.tables.append(build_intervals_table(results))
    if len(tests):
        section.tables.append(build_significance_table(results, tests))
    figure = _plot(results, definition, output_root)
    if figure is not None:
        section.figures.append(figure)
    return section, tests


def summarize_runs(results):
    """One sentence on how many runs there are and what they took.

    Args:
        results: DataFrame of `collect_results`.

    Returns:
        String.
    """
    if not len(results):
        return "0 finished runs."
    runs = results.drop_duplicates("run_id")
    hours = (runs["train_seconds"].sum() + runs["test_seconds"].sum()) / 3600
    versions = [
        f"{name} {', '.join(sorted(set(runs[f'version_{name}'].dropna())))}"
        for name in ("tensorflow", "keras")
        if f"version_{name}" in runs
    ]
    return (
        f"{len(runs)} finished runs, {hours:.1f} hours of training and "
        f"testing; {', '.join(versions)}."
    )


def _place(plan):
    """The paper's tables come first, then its figures, then other sweeps."""
    name = plan.definition.name
    firsts = ("table", "figure")
    kind = next((n for n, s in enumerate(firsts) if name.startswith(s)), 2)
    return kind, name, plan.dataset


# A dollar sign in a name or label is itself, and begins no formula.
@matplotlib.rc_context({"text.parse_math": False})
def _plot(results, definition, output_root):
    if not any(len(result.rows) for result in results):
        return None
    if definition.plot == "purification":
        return plot_purification(results, definition.plot_modality, output_root)
    if definition.plot == "accuracy_by_time":
        return plot_accuracy_by_time(results, output_root)
    plots = {"bars": plot_bars, "line": plot_lines, "heat_map": plot_heat_maps}
    plot = plots.get(definition.plot)
    return None if plot is None else plot(results)


def _warnings(sections):
    """What is to be known of the data, each sentence once."""
    return list(dict.fromkeys(w for s in sections for w in s.warnings))


def _write_section(section, folder):
    """Writes a section's files; returns what the page shows of it."""
    images = []
    for figure in section.figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
        image = buffer.getvalue()
        _write(folder / "figures" / f"{section.name}.png", image)
        images.append(base64.b64encode(image).decode())
    for table in section.tables:
        stem = folder / "tables" / table.name
        _write(stem.with_suffix(".md"), to_markdown(table).encode())
        _write(stem.with_suffix(".tex"), to_latex(table).encode())
    return {
        "name": section.name,
        "title": section.title,
        "images": images,
        "tables": [to_html(table) for table in section.tables],
    }


def _write(path, content):
    with staged_file(path) as staging:
        staging.write_bytes(content)

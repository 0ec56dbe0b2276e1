from pathlib import Path

import pandas as pd
import pytest

from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.reporting import marked_tables as module
from camgr_tf.reporting.marked_tables import readings_table
from camgr_tf.reporting.marked_tables import renew_marked_tables
from camgr_tf.reporting.marked_tables import write_marked_tables
from camgr_tf.research import readings

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def results(tmp_path):
    rows = [
        ("readings", "tuned", 0.1, 0.2),
        ("readings", "tuned", 0.3, 0.2),
        ("readings", "eq. 12: symmetric", 0.1234, 0.5),
        ("ablations", "purification left out", 0.01, 0.02),
        ("sensitivity", "temperature = 0.5", 0.5, 0.25),
        ("sensitivity", "tuned", 0.7, 0.7),
    ]
    names = ["experiment", "label", "validation_recall@20", "test_recall@20"]
    table = pd.DataFrame(rows, columns=names).assign(dataset="baby")
    table["test_ndcg@20"] = table["test_recall@20"] / 2
    table.to_csv(tmp_path / "results.csv")
    pd.DataFrame(
        [
            ["ablations", "baby", "purification left out", metric, 12.34, p]
            for metric, p in (("recall@10", 0.5), ("recall@20", 0.00001))
        ],
        columns="experiment dataset label metric effect_percent "
        "wilcoxon_holm_p".split(),
    ).to_csv(tmp_path / "significance.csv")
    return tmp_path


def test_lines_by_hand(results):
    lines = readings_table(pd.read_csv(results / "results.csv"))[2:]
    model = "`model camgr_tf.research.readings"
    # The standard deviation of .1 and .3 is .1414.
    assert lines == [
        "| Eq. 29: BPR of a negative a row, as printed; all others stand on "
        f"this | {model}:PairwiseRanking` | .2000 ± .1414 | .2000 ± .0000 "
        "| 2 |",
        "| Eq. 12: the item graph is normalized by both degrees "
        f"| {model}:SymmetricItemGraph` | .1234 | .5000 | 1 |",
        '| Eq. 5, 6: no gate, the aligned features alone ("w/o IUD") '
        f"| {model}:WithoutPurification` | .0100 | .0200 | 1 |",
        f"| `temperature=0.5` | {model}:PairwiseRanking` `temperature 0.5` "
        "| .5000 | .2500 | 1 |",
    ]


PAGE = """before
<!-- table: ablations baby -->
old
<!-- table: end -->
between
<!-- table: sensitivity baby -->
<!-- table: end -->
after
"""


def test_labels_are_shown_as_they_are(tmp_path):
    """Labels that look like numbers, or hold what Markdown acts upon."""
    names = "experiment,dataset,label"
    scores = "validation_recall@20,test_recall@20,test_ndcg@20"
    (tmp_path / "results.csv").write_text(
        f"{names},{scores}\nmine,baby,a|b*,.1,.2,.3\nmine,baby,0.10,.1,.2,.3\n"
    )
    (tmp_path / "significance.csv").write_text(
        f"{names},metric,effect_percent,wilcoxon_holm_p\n"
        "mine,baby,0.10,recall@20,5,.02\n"
    )
    text = "<!-- table: mine baby -->\n<!-- table: end -->\n"
    lines = renew_marked_tables(text, tmp_path).splitlines()
    assert lines[3] == r"| a\|b\* | .1000 | .2000 | .3000 | 1 |  |"
    assert lines[4] == (
        "| 0.10 | .1000 | .2000 | .3000 | 1 | 5.0 %, p = .0200 |"
    )


def test_a_report_without_tests_has_tables_too(results):
    (results / "significance.csv").write_text("\n")
    lines = renew_marked_tables(PAGE, results).splitlines()
    assert (
        lines[4] == "| purification left out | .0100 | .0200 | .0100 | 1 |  |"
    )


def test_tables_are_written_between_the_markers_alone(results, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    write_marked_tables(path, results)
    lines = path.read_text().splitlines()
    assert [lines[0], lines[6], lines[-1]] == ["before", "between", "after"]
    assert lines[4] == (
        "| purification left out | .0100 | .0200 | .0100 | 1 "
        "| 12.3 %, p < .0001 |"
    )
    # Two rows of one label would be two seeds.
    assert lines[10] == ("| temperature = 0.5 | .5000 | .2500 | .1250 | 1 |  |")
    again = path.read_text()
    write_marked_tables(path, results)
    assert path.read_text() == again


def test_a_benchmark_has_three_digits(results, tmp_path):
    (results / "benchmarks-one.csv").write_text(
        "kind,label,scale,step_seconds,recall,peak_memory_mb\n"
        "training,camgr,1,0.18180835,,1307.1\n"
        "training,mgcn,8,1.5,,12.345\n"
        "scale,lists,,2,,7\n"
    )
    path = tmp_path / "page.md"
    path.write_text("<!-- table: benchmarks one -->\n<!-- table: end -->\n")
    write_marked_tables(path, results)
    assert path.read_text().splitlines()[1:-1] == [
        "|  | times Baby | s a step | peak MB |",
        "| --- | --- | --- | --- |",
        "| camgr | 1 | 0.182 | 1,307 |",
        "| mgcn | 8 | 1.5 | 12.3 |",
        "| lists |  | 2 | 7 |",
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        ("no markers", "page.md has no table between"),
        (PAGE.replace("ablations", "ablation"), "no row of 'ablation' on"),
        (PAGE.replace(" baby", " bay"), "no row of 'ablations' on 'bay'"),
    ],
)
def test_what_cannot_be_written_is_refused(results, tmp_path, text, message):
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        write_marked_tables(path, results)
    assert path.read_text() == text


PAGES = [
    path
    for path in [PROJECT / "README.md", *PROJECT.glob("notebooks/site/*.md")]
    if "<!-- table: " in path.read_text()
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_has_what_the_results_say(path):
    text = path.read_text()
    assert renew_marked_tables(text, PROJECT / "outputs" / "results") == text


def test_all_readings_are_on_a_page():
    text = "".join(path.read_text() for path in PAGES)
    names = [
        name
        for name, found in vars(readings).items()
        if isinstance(found, type) and found.__module__ == readings.__name__
    ]
    assert len(names) > 30
    for name in names:
        assert f":{name}`" in text, name


def test_every_label_with_results_can_be_run_by_name():
    # Nothing that was measured is lost: each row belongs to a variant.
    path = PROJECT / "outputs" / "results" / "results.csv"
    rows = pd.read_csv(path)
    for experiment in module.EXPERIMENTS:
        labels = {v["label"] for v in load_definition(experiment).variants}
        measured = rows[rows["experiment"] == experiment]["label"]
        assert set(measured) <= labels, experiment


def test_published_runs_are_those_that_would_be_planned_today():
    # By their names `camgr report --add outputs/results` finds them.
    rows = pd.read_csv(PROJECT / "outputs" / "results" / "results.csv")
    # Those of a race follow from its searches.
    rows = rows[(rows["dataset"] == "baby") & (rows["experiment"] != "race")]
    for experiment, published in rows.groupby("experiment"):
        trials = plan_trials(load_definition(experiment), "baby", seeds=3)
        planned = {(c.label, c.config.seed): c.run_id for c in trials}
        for row in published.itertuples():
            assert row.run_id == planned[row.label, row.seed], row.label

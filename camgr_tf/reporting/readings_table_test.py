from pathlib import Path

import pandas as pd
import pytest

from camgr_tf.experiments.definition import load_definition
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.reporting import readings_table as module
from camgr_tf.reporting.readings_table import readings_table
from camgr_tf.reporting.readings_table import write_readings
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
    path = tmp_path / "results.csv"
    pd.DataFrame(rows, columns=names).assign(dataset="baby").to_csv(path)
    return path


def test_lines_by_hand(results):
    lines = readings_table(results).splitlines()[2:]
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


def test_it_is_written_between_the_markers_alone(results, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"before\n{module.START}\nold\n{module.END}\nafter\n")
    write_readings(path, results)
    text = path.read_text()
    table = readings_table(results)
    assert text == f"before\n{module.START}\n{table}{module.END}\nafter\n"
    path.write_text("no markers")
    with pytest.raises(ValueError, match="page.md has no lines"):
        write_readings(path, results)


def test_the_readme_has_what_the_results_say():
    text = (PROJECT / "README.md").read_text()
    table = readings_table(PROJECT / "outputs" / "results" / "results.csv")
    assert f"{module.START}\n{table}{module.END}" in text
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
    rows = rows[rows["dataset"] == "baby"]
    for experiment, published in rows.groupby("experiment"):
        trials = plan_trials(load_definition(experiment), "baby", seeds=3)
        planned = {(c.label, c.config.seed): c.run_id for c in trials}
        for row in published.itertuples():
            assert row.run_id == planned[row.label, row.seed], row.label

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camgr_tf.reporting.run_comparison import METRICS
from camgr_tf.reporting.run_comparison import compare_runs
from camgr_tf.reporting.run_comparison import plot_runs


@pytest.fixture
def make_run(tmp_path):
    """Function that writes the files of a run that nobody trained."""

    def make(name, values, user_ids=range(6), **parameters):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        values = np.asarray(values, "float64")
        np.savez(
            folder / "per_user.npz",
            user_ids=np.asarray(user_ids),
            **{metric: values for metric in METRICS},
        )
        means = dict.fromkeys(METRICS, float(values.mean()))
        metrics = {"run_id": name, "validation": means, "test": means}
        metrics |= {"best_epoch": 1, "masked_in_test": ["train"]}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        config = {"parameters": {"model": "mf", "data_root": name}}
        config["parameters"] |= {"seed": 0, **parameters}
        config["data_hash"] = "abc"
        (folder / "config.json").write_text(json.dumps(config))
        history = pd.DataFrame({"epoch": [0, 1], "val_recall@20": [0.1, 0.2]})
        history.to_csv(folder / "history.csv", index=False)
        return folder

    return make


OURS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
THEIRS = [0.2, 0.4, 0.3, 0.7, 0.9, 1.0]


def test_what_differs_and_the_tests(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS, model="vbpr", k=3)]
    result = compare_runs(folders)
    assert result.settings.to_dict("index") == {
        "model": {"a": "mf", "b": "vbpr"},
        "k": {"a": "-", "b": "3"},
    }
    assert result.metrics.loc["test Recall@20", "b"] == pytest.approx(3.5 / 6)
    row = result.tests.iloc[0]
    # (3.5 - 2.1) / 2.1; user 2 has equal values.
    assert row["change_percent"] == pytest.approx(200 / 3)
    assert row["num_users"] == 6 and row["num_different"] == 5
    expected = stats.wilcoxon(np.subtract(THEIRS, OURS).round(12)).pvalue
    assert row["wilcoxon_p"] == pytest.approx(expected)
    assert result.notes == []


def test_code_is_compared_where_both_use_it(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS)]
    codes = {"x.mf": "1" * 64, "x.runs": "2" * 64}, {"x.runs": "3" * 64}
    for folder, code in zip(folders, codes):
        config = json.loads((folder / "config.json").read_text())
        config["code"] = code
        (folder / "config.json").write_text(json.dumps(config))
    settings = compare_runs(folders).settings
    assert list(settings.index) == ["code of x.runs"]
    assert settings.loc["code of x.runs", "a"] == "2" * 12


def test_p_values_of_a_metric_are_corrected_together(make_run):
    folders = [make_run(n, v) for n, v in (("a", OURS), ("b", THEIRS))]
    folders.append(make_run("c", OURS[::-1]))
    tests = compare_runs(folders).tests.set_index(["metric", "run"])
    first, second = tests.loc["Recall@20"]["wilcoxon_p"].sort_values()
    corrected = tests.loc["Recall@20"]["wilcoxon_holm_p"].sort_values()
    assert corrected.iloc[0] == pytest.approx(min(1, 2 * first))
    assert corrected.iloc[1] == pytest.approx(max(min(1, 2 * first), second))


def test_other_users_are_not_tested(make_run):
    folders = [make_run("a", OURS), make_run("b", OURS, range(1, 7))]
    result = compare_runs(folders)
    assert not len(result.tests)
    assert "b is not tested: it was tested on 6 users" in result.notes[0]


def test_two_folders_of_the_same_name(make_run, tmp_path):
    folders = [make_run("x/run", OURS), make_run("y/run", THEIRS)]
    columns = compare_runs(folders).metrics.columns
    assert list(columns) == [f"{tmp_path}/x/run", f"{tmp_path}/y/run"]


def test_draws_epochs_and_means_with_intervals(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS)]
    epochs, bars = plot_runs(folders).axes
    assert list(epochs.lines[0].get_ydata()) == [0.1, 0.2]
    assert list(epochs.lines[1].get_xdata()) == [1]
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == pytest.approx([0.35] * 4 + [3.5 / 6] * 4)


def test_runs_on_other_data_are_noted(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS)]
    config = (folders[1] / "config.json").read_text()
    (folders[1] / "config.json").write_text(config.replace("abc", "abd"))
    (note,) = compare_runs(folders).notes
    assert note.startswith("b and a were trained on different data")


def test_without_values_of_users_there_are_means_and_no_test(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS)]
    (folders[0] / "per_user.npz").unlink()
    assert compare_runs(folders).notes == [
        "b is not tested: a has no per_user.npz."
    ]
    _, bars = plot_runs(folders).axes
    assert bars.patches[0].get_height() == pytest.approx(0.35)


def test_a_run_without_epochs_is_named(make_run):
    folders = [make_run("a", OURS), make_run("b", THEIRS)]
    (folders[1] / "history.csv").write_text("")
    with pytest.raises(ValueError, match="b/history.csv is no table of epo"):
        plot_runs(folders)
    (folders[1] / "history.csv").unlink()
    with pytest.raises(FileNotFoundError, match="b is no finished run"):
        plot_runs(folders)


def test_one_run_or_the_same_twice(make_run):
    folder = make_run("a", OURS)
    with pytest.raises(ValueError, match="at least two runs. Received: a"):
        compare_runs([folder])
    with pytest.raises(ValueError, match="a is given twice"):
        compare_runs([folder, folder])

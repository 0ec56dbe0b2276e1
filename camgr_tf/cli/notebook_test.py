import json

import nbformat
import pytest

from camgr_tf import notebook_runner
from camgr_tf import paths
from camgr_tf.cli import main
from camgr_tf.notebook_runner_test import notebook


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """Three toys in place of the project's notebooks."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    contents = {
        "01_toy": ("a = 1\noutput_root = None", "print(repr(a), output_root)"),
        "02_fails": ("b = 1", "raise ValueError(f'`b` is {b}.')"),
        "03_breaks": ("c = None", "[][c or 1]"),
    }
    for name, cells in contents.items():
        path = notebook(tmp_path, *cells)
        path.rename(folder / f"{name}.ipynb")
    monkeypatch.setattr(paths, "notebooks_folder", lambda: folder)
    return folder


@pytest.mark.parametrize(
    "text, shown",
    [("1e-3", "0.001"), ("None", "None"), ("[1, x]", "[1, 'x']")],
)
def test_values_are_read_as_papermill_reads_them(
    notebooks, tmp_path, capfd, text, shown
):
    root = tmp_path / "out"
    words = ["notebook", "01_toy.ipynb", "-p", "a", text]
    assert main([*words, "--output-root", str(root)]) == 0
    output = capfd.readouterr().out
    assert f"{shown} {root}" in output
    assert f"Executed notebooks: {root}/notebooks" in output
    executed = nbformat.read(root / "notebooks" / "01_toy.ipynb", 4)
    assert executed.cells[-1].outputs[0].text == f"{shown} {root}\n"


def test_a_mistake_in_a_cell_is_one_line(notebooks, tmp_path, capsys):
    words = ["notebook", "02_fails", "--output-root", str(tmp_path)]
    assert main(words) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == (
        "camgr notebook: error: 02_fails.ipynb, cell 2: `b` is 1. The "
        "notebook with the error is "
        f"{tmp_path}/notebooks/02_fails.failed.ipynb."
    )


def test_a_fault_in_a_cell_shows_its_traceback(notebooks, tmp_path, capsys):
    words = ["notebook", "03_breaks", "--output-root", str(tmp_path)]
    assert main(words) == 1
    assert "IndexError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, message",
    [
        ("01_toi", "no notebook '01_toi' (did you mean '01_toy'?)"),
        ("99", "there are 01_toy, 02_fails, 03_breaks"),
        (
            "01_toy -p aa 2",
            "a parameter 'aa' (did you mean 'a'?); they have a, output",
        ),
        ("01_toy -p a 2 -p a 3", "-p a is given twice"),
        ("01_toy -p output_root x", "`output_root` is given twice"),
    ],
)
def test_refuses(notebooks, words, message, tmp_path, capsys):
    root = ["--output-root", str(tmp_path / "out")]
    assert main(["notebook", *words.split(), *root]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_a_name_stays_a_name(monkeypatch, tmp_path):
    given = {}
    monkeypatch.setattr(
        notebook_runner,
        "run_notebook",
        lambda path, output, parameters, **_: given.update(parameters),
    )
    monkeypatch.setattr(notebook_runner, "announced_runs", lambda path: [])
    words = "notebook 05_training -p dataset 2018 -p num_layers 3"
    assert main([*words.split(), "--output-root", str(tmp_path)]) == 0
    assert given["dataset"] == "2018"
    assert given["hyperparameters"] == {"num_layers": 3}


def test_all_parameters_are_checked_before_the_first_notebook_runs(
    tmp_path, capsys
):
    words = "notebook 01_data 05_training -p num_layerz 3"
    root = ["--output-root", str(tmp_path)]
    assert main([*words.split(), *root]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "num_layerz (did you mean 'num_layers'" in line
    assert main(["notebook", "05_training", "-p", "model", "mfx", *root]) == 2
    assert "(did you mean 'mf'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number, printed", [(1, 1), (2, 2), (4, 4), (5, 0)])
def test_few_runs_are_printed_and_several_compared(
    notebooks, tmp_path, monkeypatch, capsys, number, printed
):
    folders = [tmp_path / f"run{place}" for place in range(number)]
    metrics = {part: {"recall@20": 0.5} for part in ("validation", "test")}
    for folder in folders:
        folder.mkdir()
        (folder / "metrics.json").write_text(json.dumps(metrics))
    monkeypatch.setattr(notebook_runner, "announced_runs", lambda _: folders)
    monkeypatch.setattr(
        "camgr_tf.training.saved_runs.read_metrics", lambda _: metrics
    )
    words = ["notebook", "01_toy", "--output-root", str(tmp_path / "out")]
    assert main(words) == 0
    output = capsys.readouterr().out
    assert output.count("Recall@20") == printed
    lines = [n for n in output.splitlines() if n.startswith("camgr compare")]
    expected = "camgr compare " + " ".join(map(str, folders[:4]))
    assert lines == ([] if number == 1 else [expected])
    assert ("the first 4 of 5 runs" in output) == (number == 5)

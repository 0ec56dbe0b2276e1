import nbformat
import pytest

from camgr_tf import paths
from camgr_tf.notebook_runner import read_parameters
from camgr_tf.notebook_runner import run_notebook


def notebook(tmp_path, parameters, *cells):
    new = nbformat.v4
    tagged = new.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    content = new.new_notebook(
        cells=[tagged, *(new.new_code_cell(cell) for cell in cells)],
        metadata={
            "kernelspec": {
                "name": "python3",
                "display_name": "x",
                "language": "python",
            }
        },
    )
    path = tmp_path / "toy.ipynb"
    nbformat.write(content, path)
    return path


def test_reads_names_and_defaults(tmp_path):
    path = notebook(tmp_path, "a = 1\nb = None  # why", "print(a, b)")
    assert read_parameters(path) == {"a": 1, "b": None}


def test_a_parameter_that_no_cell_reads_is_an_error(tmp_path):
    path = notebook(tmp_path, "a = 1\nunused = 2", "a + 1\nunused = 3")
    with pytest.raises(ValueError, match="no cell reads .* unused"):
        read_parameters(path)


def test_two_parameters_in_a_line_are_an_error(tmp_path):
    # papermill would see neither of them.
    path = notebook(tmp_path, "a, b = 1, 2", "a + b")
    with pytest.raises(ValueError, match="one `name = value` a line"):
        read_parameters(path)


def test_an_unknown_parameter_is_an_error_before_running(tmp_path):
    path = notebook(tmp_path, "a = 1", "print(a)")
    with pytest.raises(ValueError, match="no parameter aa .*It has a"):
        run_notebook(path, tmp_path / "out.ipynb", {"aa": 2})
    assert not (tmp_path / "out.ipynb").exists()


def test_a_parameter_reaches_the_cells_and_no_warning_the_user(tmp_path, capfd):
    path = notebook(tmp_path, "a = 1", "print(a + 1)")
    output = run_notebook(path, tmp_path / "out.ipynb", {"a": 41}, False)
    executed = nbformat.read(output, as_version=4)
    assert executed.cells[-1].outputs[0].text == "42\n"
    assert "WARNING" not in capfd.readouterr().err


def test_a_failing_notebook_keeps_its_copy_under_another_name(tmp_path):
    path = notebook(tmp_path, "a = 1", "raise RuntimeError(a)")
    with pytest.raises(Exception, match="RuntimeError"):
        run_notebook(path, tmp_path / "out.ipynb", progress=False)
    assert not (tmp_path / "out.ipynb").exists()
    assert "RuntimeError" in (tmp_path / "out.failed.ipynb").read_text()


def test_the_copy_is_kept_with_the_run_that_the_notebook_shows(tmp_path):
    cell = (
        "import sys\n"
        f"sys.path.insert(0, {paths.python_path()!r})\n"
        "from pathlib import Path\n"
        "from camgr_tf.notebook_runner import announce_run\n"
        "announce_run(Path(folder))"
    )
    path = notebook(tmp_path, "folder = None", cell)
    run = tmp_path / "demo-mf-seed0"
    output = run_notebook(
        path, tmp_path / "out.ipynb", {"folder": str(run)}, False
    )
    kept = run / "notebooks" / "toy.ipynb"
    assert kept.read_bytes() == output.read_bytes()

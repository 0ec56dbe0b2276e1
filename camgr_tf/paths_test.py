import shutil
from pathlib import Path

import pytest

from camgr_tf import paths


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    for name in ("CAMGR_DATA", "CAMGR_OUTPUTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


FUNCTIONS = [
    (paths.data_root, "CAMGR_DATA", "data"),
    (paths.output_root, "CAMGR_OUTPUTS", "outputs"),
]


@pytest.mark.parametrize("function, variable, name", FUNCTIONS)
def test_option_then_variable_then_working_directory(
    function, variable, name, elsewhere, monkeypatch
):
    assert function() == elsewhere / name
    monkeypatch.setenv(variable, "there")
    assert function() == elsewhere / "there"
    assert function("here/../given") == elsewhere / "given"
    monkeypatch.setenv(variable, "")
    assert function() == elsewhere / name


@pytest.mark.parametrize("function, variable, name", FUNCTIONS)
def test_in_a_clone_they_are_the_clones_from_any_of_its_folders(
    function, variable, name, elsewhere, monkeypatch
):
    for folder in ("camgr_tf", "notebooks/deeper"):
        (elsewhere / "clone" / folder).mkdir(parents=True)
    monkeypatch.chdir(elsewhere / "clone" / "notebooks" / "deeper")
    assert function() == elsewhere / "clone" / name
    assert function("out") == Path.cwd() / "out"


def test_home_is_expanded(elsewhere, monkeypatch):
    monkeypatch.setenv("HOME", str(elsewhere))
    assert paths.output_root("~/runs") == elsewhere / "runs"


def test_notebooks_of_an_installation(elsewhere, monkeypatch):
    package = elsewhere / "site-packages" / "camgr_tf"
    package.mkdir(parents=True)
    shutil.copy(paths.__file__, package)
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    with pytest.raises(FileNotFoundError, match="has no notebooks"):
        paths.notebooks_folder()
    (package / "notebooks").mkdir()
    (package / "notebooks" / "05_training.ipynb").touch()
    assert paths.notebooks_folder() == package / "notebooks"

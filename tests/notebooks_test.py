"""The notebooks: committed as they should be, and runnable."""

import ast
import dataclasses
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from camgr_tf.config import ExperimentConfig
from camgr_tf.config import model_arguments
from camgr_tf.notebook_runner import read_parameters
from camgr_tf.notebook_runner import run_notebook
from camgr_tf.registry import MODELS

NOTEBOOKS = sorted(
    (Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb")
)
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)

# Knobs of the notebooks themselves, beside those of runs.
OWN = {
    "experiments",
    "hyperparameters",
    "include_self",
    "num_points",
    "num_users_shown",
    "output_root",
    "overwrite",
}
FIELDS = {f.name for f in dataclasses.fields(ExperimentConfig)}
ARGUMENTS = {name for model in MODELS for name in model_arguments(model)}
TOY = {
    "max_epochs": 2,
    "batch_size": 1024,
    "num_points": 60,
    "num_users_shown": 2,
}


def write_small_folder(root, num_users, num_items, rows):
    """A dataset `small`, the last two rows of a user held out."""
    rng = np.random.default_rng(0)
    table = [
        (user, item, label)
        for user in range(num_users)
        for item, label in zip(
            rng.permutation(num_items), [1, 2] + [0] * (rows - 2)
        )
    ]
    folder = root / "small"
    folder.mkdir()
    pd.DataFrame(table, columns=["userID", "itemID", "x_label"]).to_csv(
        folder / "small.inter", sep="\t", index=False
    )
    for modality, width in (("image", 1), ("text", 5)):
        features = rng.normal(size=(num_items, width))
        np.save(folder / f"{modality}_feat.npy", features.astype("float32"))


def code_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


CHAPTERS = [
    "00_quick_start",
    "01_data",
    "02_purification",
    "03_encoder",
    "04_fusion",
    "05_training",
    "06_analysis",
    "07_report",
    "08_readings",
    "09_own_model",
]
# These run in the default suite: together they train, rank and explain.
QUICK = ("00_quick_start", "06_analysis")


def test_the_chapters_are_there_and_lead_on():
    assert [path.stem for path in NOTEBOOKS] == CHAPTERS
    for path, following in zip(NOTEBOOKS, CHAPTERS[1:]):
        last = nbformat.read(path, as_version=4).cells[-1]
        assert f"]({following}.ipynb)" in last.source
        assert "**Try it.**" in last.source and "?" in last.source


@by_name
def test_is_committed_executed_in_order_without_errors(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {o.output_type for c in code_cells(path) for o in c.outputs}
    assert "error" not in kinds


@by_name
def test_is_short_and_defines_nothing_large(path):
    assert len(nbformat.read(path, as_version=4).cells) <= 30
    for cell in code_cells(path):
        if "parameters" not in cell.metadata.get("tags", []):
            assert len(cell.source.splitlines()) <= 18, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.ClassDef)
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 10


@by_name
def test_parameters_have_the_names_of_the_package(path):
    assert set(read_parameters(path)) <= FIELDS | ARGUMENTS | OWN


def test_training_offers_every_parameter_of_runs():
    path = next(p for p in NOTEBOOKS if p.stem == "05_training")
    offered = set(read_parameters(path)) - OWN
    assert offered == FIELDS - {"model_parameters"}


@pytest.mark.parametrize(
    "name, rows",
    [
        pytest.param("02_purification", 4, marks=pytest.mark.long),
        pytest.param("06_analysis", 4, marks=pytest.mark.long),
        # Users with three items left, of which six places are shown.
        pytest.param("06_analysis", 14, marks=pytest.mark.long),
        *(
            pytest.param(path.stem, 14, marks=pytest.mark.long)
            for path in NOTEBOOKS
            if path.stem not in ("06_analysis", "07_report")
        ),
    ],
)
def test_runs_on_fifteen_items_and_eight_users(name, rows, tmp_path):
    write_small_folder(tmp_path, 8, 15, rows)
    path = next(p for p in NOTEBOOKS if p.stem == name)
    known = read_parameters(path)
    parameters = {"dataset": "small", "data_root": str(tmp_path)}
    parameters |= {"output_root": str(tmp_path / "out"), "max_epochs": 2}
    parameters = {n: v for n, v in parameters.items() if n in known}
    run_notebook(path, tmp_path / path.name, parameters, False)
    assert list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.stem,
            marks=() if path.stem in QUICK else pytest.mark.long,
        )
        for path in NOTEBOOKS
        # The report needs results; experiments_test.py runs it.
        if path.stem != "07_report"
    ],
)
def test_runs_at_toy_size(path, tmp_path):
    known = read_parameters(path)
    parameters = {n: v for n, v in TOY.items() if n in known}
    parameters["output_root"] = str(tmp_path)
    output = run_notebook(path, tmp_path / path.name, parameters, False)
    assert list(tmp_path.rglob("*.png"))
    kinds = {o.output_type for c in code_cells(output) for o in c.outputs}
    assert "error" not in kinds

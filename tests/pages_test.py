"""What README and the site's pages show is what happens."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PROJECT = Path(__file__).resolve().parents[1]
README = PROJECT / "README.md"
SITE = PROJECT / "notebooks" / "site"
PAGES = [README, *sorted(SITE.glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# As they would stand in modules: they define, and train nothing.
DEFINING = [
    (path, code)
    for path in PAGES
    for language, code in BLOCK.findall(path.read_text())
    if language == "python" and "camgr_tf.train(" not in code
]


def run_python(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )


def test_readme_fits_on_a_page():
    assert len(README.read_text().splitlines()) <= 150


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{path.stem}-{number}")
        for number, (path, code) in enumerate(DEFINING)
    ],
)
def test_code_of_a_page_runs(code, tmp_path):
    result = run_python(code, tmp_path)
    assert result.returncode == 0, result.stderr


def test_the_own_model_of_the_page_trains(tmp_path):
    (code, *_) = BLOCK.findall((SITE / "own_model.md").read_text())
    (tmp_path / "my_models.py").write_text(code[1])
    program = (
        "import camgr_tf\n"
        "config = camgr_tf.resolve_config(model='my_models:Factors', "
        "dataset='demo', embedding_dim=4, max_epochs=1)\n"
        "print(camgr_tf.train(config, output_root='out').metrics['epochs'])\n"
    )
    result = run_python(program, tmp_path)
    assert result.stdout.splitlines()[-1:] == ["1"], result.stderr


@pytest.mark.long
def test_the_first_example_ends_in_lists_with_titles(tmp_path):
    (code,) = [
        code
        for language, code in BLOCK.findall(README.read_text())
        if "camgr_tf.train(" in code
    ]
    assert len(code.splitlines()) <= 15
    result = run_python(code, tmp_path)
    assert result.returncode == 0, result.stderr
    assert "title" in result.stdout and "Mostly" in result.stdout


def write_shop(folder):
    rng = np.random.default_rng(0)
    users = ["ALICE", "BOB", *(f"user {n}" for n in range(40))]
    names = ["red lamp", "oak shelf", "wool rug", "tin box", "glass vase"]
    items = [f"P{n}" for n in range(25)]
    rows = [
        (user, item)
        for user in users
        for item in rng.choice(items, size=12, replace=False)
    ]
    pd.DataFrame(rows, columns=["user", "item"]).to_csv(
        folder / "orders.csv", index=False
    )
    titles = [f"{names[n % 5]} {n}" for n in range(25)]
    pd.DataFrame({"item": items, "title": titles}).to_csv(
        folder / "products.csv", index=False
    )


@pytest.mark.long
def test_an_own_catalogue_in_six_commands(tmp_path):
    write_shop(tmp_path)
    section = README.read_text().split("## Your own catalogue")[1]
    commands = BLOCK.search(section)[2].splitlines()
    assert len(commands) == 6
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    for name in ("CAMGR_DATA", "CAMGR_OUTPUTS"):
        environment.pop(name, None)
    for command in commands:
        words = shlex.split(command, comments=True)
        assert words[0] == "camgr"
        result = subprocess.run(
            [sys.executable, "-m", "camgr_tf", *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        if words[1] == "recommend":
            assert "ALICE" in result.stdout and "lamp" in result.stdout
    assert (tmp_path / "exported" / "recommendations.parquet").is_file()

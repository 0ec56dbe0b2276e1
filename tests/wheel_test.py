"""What an installed wheel does in an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the unpacked wheel, and an empty one to work in."""
    root = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--wheel-dir", root, PROJECT], check=True
    )
    (wheel,) = root.glob("*.whl")
    target = root / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", target, wheel], check=True
    )
    (root / "work").mkdir()
    return target, root / "work"


def camgr(installed, *arguments):
    target, work = installed
    environment = {**os.environ, "PYTHONPATH": str(target)}
    for name in ("CAMGR_DATA", "CAMGR_OUTPUTS"):
        environment.pop(name, None)
    result = subprocess.run(
        [sys.executable, "-m", "camgr_tf", *arguments],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.long
def test_the_wheel_has_what_runs_need_and_no_tests(installed):
    package = installed[0] / "camgr_tf"
    assert (package / "notebooks" / "05_training.ipynb").is_file()
    assert (package / "experiments" / "definitions" / "table2.toml").is_file()
    assert (package / "reporting" / "report.html.jinja").is_file()
    assert not list(package.rglob("*_test.py"))
    assert not list(package.rglob("conftest.py"))


@pytest.mark.long
def test_everything_is_written_to_the_working_directory(installed):
    target, work = installed
    before = sorted(target.rglob("*"))
    few = ["-p", "max_epochs", "1"]
    camgr(installed, "train", "mf", "--dataset", "demo", *few)
    camgr(installed, "notebook", "05_training", "-p", "model", "mf", *few)
    (own,) = (work / "outputs").glob("demo-mf-*")
    assert (own / "metrics.json").is_file()
    assert (work / "data" / "demo" / "demo.inter").is_file()
    assert (work / "outputs" / "notebooks" / "05_training.ipynb").is_file()
    out = ["--output-root", "elsewhere/deep"]
    camgr(installed, "notebook", "05_training", "-p", "model", "mf", *few, *out)
    assert list((work / "elsewhere" / "deep").glob("demo-mf-*/metrics.json"))
    assert list((work / "elsewhere" / "deep" / "notebooks").glob("*.ipynb"))
    (work / "small.toml").write_text(
        'title = "Small"\nmetrics = ["recall@20"]\nlayout = "labels_by_metrics"'
        '\n[parameters]\nmodel = "mf"\nmax_epochs = 1\n'
        '[[variants]]\nlabel = "a"\nembedding_dim = 4\n'
        '[[variants]]\nlabel = "b"\nembedding_dim = 8\n'
    )
    sweep = ["sweep", "small.toml", "--dataset", "demo", "--seeds", "1"]
    camgr(installed, *sweep)
    assert len(list((work / "outputs").glob("demo-mf-*/metrics.json"))) == 3
    after = [
        p for p in sorted(target.rglob("*")) if "__pycache__" not in str(p)
    ]
    assert after == [p for p in before if "__pycache__" not in str(p)]

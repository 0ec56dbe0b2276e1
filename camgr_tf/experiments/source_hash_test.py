import shutil

import pytest

from camgr_tf.experiments import source_hash as module
from camgr_tf.experiments.source_hash import source_hash


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package whose files may be changed."""
    copy = tmp_path / "camgr_tf"
    shutil.copytree(
        module.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(module, "PACKAGE", copy)
    module._parse_version.cache_clear()
    return copy


def append(path, text):
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    "path, changed",
    [
        ("baselines/mf.py", {"mf"}),
        ("models/camgr.py", {"camgr"}),
        ("layers/purification.py", {"camgr"}),
        ("models/recommender.py", {"mf", "camgr"}),
        ("training/adam.py", {"mf", "camgr"}),
        ("metrics/ranking.py", {"mf", "camgr"}),
        ("losses/bpr.py", {"mf", "camgr"}),
        ("baselines/vbpr.py", set()),
        ("registry.py", set()),
        ("ingest/demo.py", set()),
        ("reporting/paper.py", set()),
        ("experiments/driver.py", set()),
    ],
)
def test_only_code_that_a_model_uses_counts(package, path, changed):
    before = {model: source_hash(model) for model in ("mf", "camgr")}
    append(package / path, "\nADDED = 1\n")
    after = {model: source_hash(model) for model in ("mf", "camgr")}
    assert {m for m in before if before[m] != after[m]} == changed


def test_comments_and_docstrings_do_not_count(package):
    before = source_hash("mf")
    path = package / "baselines" / "mf.py"
    source = path.read_text()
    append(path, "\n\n# a remark\n")
    assert source_hash("mf") == before
    docstring = '"""'
    assert docstring in source
    path.write_text(source.replace(docstring, docstring + "Changed. ", 1))
    assert source_hash("mf") == before

import ast
import importlib
import shutil

import pytest

from camgr_tf import code_hash as module
from camgr_tf.code_hash import changed_modules
from camgr_tf.code_hash import code_hash
from camgr_tf.code_hash import module_hashes


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
    before = {model: code_hash(model) for model in ("mf", "camgr")}
    append(package / path, "\nADDED = 1\n")
    after = {model: code_hash(model) for model in ("mf", "camgr")}
    assert {m for m in before if before[m] != after[m]} == changed


def test_comments_and_docstrings_do_not_count(package):
    before = code_hash("mf")
    path = package / "baselines" / "mf.py"
    source = path.read_text()
    append(path, "\n\n# a remark\n")
    assert code_hash("mf") == before
    docstring = '"""'
    assert docstring in source
    path.write_text(source.replace(docstring, docstring + "Changed. ", 1))
    assert code_hash("mf") == before


def test_the_changed_module_is_named(package):
    before = module_hashes("mf")
    append(package / "losses" / "bpr.py", "\nADDED = 1\n")
    after = module_hashes("mf")
    assert changed_modules(before, after) == ["camgr_tf.losses.bpr"]
    del after["camgr_tf.baselines.mf"]
    assert "camgr_tf.baselines.mf" in changed_modules(before, after)


def test_an_own_model_and_the_module_beside_it_count(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").touch()
    step = tmp_path / "own" / "step.py"
    step.write_text("FACTOR = 2\n")
    (tmp_path / "own" / "mine.py").write_text(
        "from camgr_tf.baselines.mf import MF\n"
        "from own.step import FACTOR\n"
        "class Mine(MF):\n    factor = FACTOR\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    before = module_hashes("own.mine:Mine")
    assert {"own.mine", "own.step", "camgr_tf.baselines.mf"} <= set(before)
    assert "camgr_tf.baselines.bm3" not in before
    step.write_text("FACTOR = 3  # changed\n")
    after = module_hashes("own.mine:Mine")
    assert changed_modules(before, after) == ["own.step"]


def test_a_hash_is_of_the_code_alone_and_not_of_the_version_of_python():
    # What 3.11 writes: 3.12 has type parameters besides, 3.13 no empty lists.
    expected = (
        "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], "
        "args=[arg(arg='x')], kwonlyargs=[], kw_defaults=[], defaults=[]), "
        "body=[Return(value=Name(id='x', ctx=Load()))], decorator_list=[]), "
        "ClassDef(name='A', bases=[], keywords=[], body=[Pass()], "
        "decorator_list=[])], type_ignores=[])"
    )
    tree = ast.parse("def f(x):\n    return x\nclass A:\n    pass\n")
    assert module._dump(tree) == expected

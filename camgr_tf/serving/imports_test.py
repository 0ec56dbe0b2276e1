"""What serving may know: the contract of models, and none of them."""

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FILES = sorted(p for p in FOLDER.glob("*.py") if not p.stem.endswith("_test"))
CONTRACT = {"camgr_tf.models.fold_in", "camgr_tf.models.recommender"}


def imports(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_imports_a_model_or_asks_which_it_is(path):
    known = {
        name
        for name in imports(path)
        if name.startswith(("camgr_tf.models", "camgr_tf.baselines"))
    }
    assert known <= CONTRACT
    text = path.read_text(encoding="utf-8")
    assert "singledispatch" not in text
    assert (
        "isinstance(model" not in text and "isinstance(self.model" not in text
    )


def test_no_files_import_each_other_in_a_circle():
    package = "camgr_tf.serving."
    known = {
        path.stem: {
            name.removeprefix(package)
            for name in imports(path)
            if name.startswith(package)
        }
        for path in FILES
    }
    while known:
        free = [
            name for name, others in known.items() if not others & set(known)
        ]
        assert free, f"a circle among {sorted(known)}"
        for name in free:
            del known[name]

"""Hash of the source code that a run's numbers depend on."""

import ast
import functools
import hashlib
from pathlib import Path

from camgr_tf.registry import MODELS

PACKAGE = Path(__file__).resolve().parents[1]
# The registry and the folders' lists of names lead to every model; what the
# data modules make is hashed as data.
IGNORED = (
    "camgr_tf.registry",
    "camgr_tf.models",
    "camgr_tf.baselines",
    "camgr_tf.data",
)


def source_hash(model):
    """Hash of a model's module and of all that it and `train` import.

    Comments, docstrings and layout do not count, nor do other models.

    Args:
        model: String. Key of `camgr_tf.registry.MODELS`.

    Returns:
        String, SHA-256 in hexadecimal.
    """
    roots = {
        cls.__module__
        for cls in MODELS[model].__mro__
        if cls.__module__.startswith("camgr_tf.")
    }
    modules, left = set(), {*roots, "camgr_tf.training.runs"}
    while left:
        name = left.pop()
        modules.add(name)
        left |= set(_parse(_path(name))[1]) - modules
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(f"{name} {_parse(_path(name))[0]}\n".encode())
    return digest.hexdigest()


def _path(module):
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _parse(path):
    """A file's hash and the modules of the package that it imports."""
    return _parse_version(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=512)
def _parse_version(path, _modified):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module)
            imported |= {f"{node.module}.{a.name}" for a in node.names}
        body = getattr(node, "body", None)
        if isinstance(body, list) and _is_docstring(body[:1]):
            node.body = body[1:]
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return digest, sorted(filter(_counts, imported))


def _is_docstring(statements):
    return (
        bool(statements)
        and isinstance(statements[0], ast.Expr)
        and isinstance(statements[0].value, ast.Constant)
        and isinstance(statements[0].value.value, str)
    )


def _counts(module):
    """Whether a name is a module of the package that is followed."""
    if not module.startswith("camgr_tf."):
        return False
    if module in IGNORED or module.startswith("camgr_tf.data."):
        return False
    return _path(module).is_file()

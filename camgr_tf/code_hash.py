"""Hash of the source code that a run's numbers depend on."""

import ast
import functools
import hashlib
import sys
from pathlib import Path

from camgr_tf.registry import find_model

PACKAGE = Path(__file__).resolve().parent
# The registry and the folders' lists of names lead to every model; what the
# data modules make is hashed as data; the others move no number.
IGNORED = (
    "camgr_tf.code_hash",
    "camgr_tf.folder_lock",
    "camgr_tf.paths",
    "camgr_tf.staged_file",
    "camgr_tf.registry",
    "camgr_tf.models",
    "camgr_tf.baselines",
    "camgr_tf.data",
)


def module_hashes(model):
    """Hashes of a model's module and of all that it and `train` import.

    Modules of this package, and those that lie beside the model's own. Of
    them comments, docstrings and layout do not count, nor do other models.

    Args:
        model: String or class, see `camgr_tf.registry.find_model`.

    Returns:
        Dictionary from a module's name to SHA-256 in hexadecimal. A model
        that was typed into a notebook has no file, and no entry.
    """
    roots = {
        cls.__module__ for cls in find_model(model).__mro__ if _is_ours(cls)
    }
    packages = {"camgr_tf", *(name.partition(".")[0] for name in roots)}
    found, left = {}, {*roots, "camgr_tf.training.runs"}
    while left:
        name = left.pop()
        path = _path(name)
        if path is None:
            continue
        found[name], imported = _parse(path)
        left |= {
            module
            for module in imported
            if _counts(module, packages) and module not in found
        }
    return found


def code_hash(model):
    """One hash of all `module_hashes` of a model.

    Args:
        model: String or class, see `camgr_tf.registry.find_model`.

    Returns:
        String, SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module_hashes(model).items()):
        digest.update(f"{name} {value}\n".encode())
    return digest.hexdigest()


def changed_modules(before, now):
    """Names of modules that were added, removed or changed.

    Args:
        before: Dictionary, `module_hashes` of then.
        now: Dictionary, `module_hashes` of now.

    Returns:
        Sorted list of strings.
    """
    return sorted(
        name for name in {*before, *now} if before.get(name) != now.get(name)
    )


def _is_ours(cls):
    """Whether a class is the package's or its user's, not a library's."""
    package = cls.__module__.partition(".")[0]
    return package not in ("builtins", "keras", "tensorflow")


def _path(module):
    """The file of a module, `None` if it has none."""
    package, _, rest = module.partition(".")
    if package == PACKAGE.name:
        path = PACKAGE.joinpath(*rest.split("."))
        folder = path.is_dir()
        path = path / "__init__.py" if folder else path.with_suffix(".py")
    else:
        path = getattr(sys.modules.get(module), "__file__", None)
    return Path(path) if path and Path(path).is_file() else None


def _parse(path):
    """A file's hash and the names that it imports."""
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
    digest = hashlib.sha256(_dump(tree).encode()).hexdigest()
    return digest, sorted(imported)


def _dump(tree):
    """A tree as text, the same by each version of Python.

    3.12 came with a list of type parameters, which is empty here, and 3.13
    leaves empty lists out.
    """
    shown = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    return ast.dump(tree, **shown).replace(", type_params=[]", "")


def _is_docstring(statements):
    return (
        bool(statements)
        and isinstance(statements[0], ast.Expr)
        and isinstance(statements[0].value, ast.Constant)
        and isinstance(statements[0].value.value, str)
    )


def _counts(module, packages):
    """Whether a name is a module that is followed."""
    if module.partition(".")[0] not in packages:
        return False
    if module in IGNORED or module.startswith("camgr_tf.data."):
        return False
    return _path(module) is not None

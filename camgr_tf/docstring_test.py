"""Every public argument is documented, with its true default."""

import ast
import dataclasses
import importlib
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent
SOURCES = sorted(
    path for path in PACKAGE.rglob("*.py") if not path.name.endswith("_test.py")
)
NO_DEFAULT = "no default"
IN_WORDS = "words for a default"


def _documented(docstring):
    """Text of each entry under `Args:`, by the argument's name."""
    lines = docstring.expandtabs().splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip() == "Args:")
    indent = len(lines[start]) - len(lines[start].lstrip())
    entries, name = {}, None
    for line in lines[start + 1 :]:
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth <= indent:
            break
        entry = re.match(r" +\**(\w+): (.*)", line)
        if entry and depth == indent + 4:
            name = entry[1]
            entries[name] = entry[2]
        elif name:
            entries[name] += " " + line.strip()
    return entries


def _arguments(function):
    """Default, as source, of each argument; `None` where there is none."""
    given = function.args
    positional = given.posonlyargs + given.args
    missing = [None] * (len(positional) - len(given.defaults))
    pairs = [
        *zip(positional, missing + given.defaults),
        *zip(given.kwonlyargs, given.kw_defaults),
    ]
    return {
        argument.arg: default and ast.unparse(default)
        for argument, default in pairs
        if argument.arg not in ("self", "cls")
    }


def _fields(class_node):
    """Fields of a dataclass, as `_arguments` gives those of a function."""
    return {
        node.target.id: node.value and ast.unparse(node.value)
        for node in class_node.body
        if isinstance(node, ast.AnnAssign)
    }


def _callables(path):
    """`(name, docstring, arguments)` of what has an `Args:` section."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        docstring = ast.get_docstring(node) or ""
        if node.name.startswith("_") or "Args:" not in docstring.split():
            continue
        arguments = (
            _arguments(node) if isinstance(node, ast.FunctionDef) else {}
        )
        if isinstance(node, ast.ClassDef):
            arguments = _fields(node)
            for member in node.body:
                if getattr(member, "name", None) == "__init__":
                    arguments = _arguments(member)
        yield node.name, docstring, arguments


def _value(path, source):
    """What a default's source stands for inside its module."""
    try:
        return ast.literal_eval(source)
    except ValueError:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        value = eval(source, vars(importlib.import_module(name)))
    if isinstance(value, dataclasses.Field):
        return value.default_factory()
    return value


def _stated(path, text):
    """What the documentation of an argument says of its default."""
    stated = re.search(r"Defaults to\s+`([^`]*)`", text)
    if stated:
        return _value(path, stated[1])
    return IN_WORDS if "Defaults to" in text else NO_DEFAULT


CASES = [
    pytest.param(path, *texts, id=f"{path.relative_to(PACKAGE)}:{name}")
    for path in SOURCES
    for name, *texts in _callables(path)
]


def test_something_is_checked():
    assert len(CASES) > 100


@pytest.mark.parametrize("path, docstring, arguments", CASES)
def test_arguments_and_defaults(path, docstring, arguments):
    documented = _documented(docstring)
    missing = set(arguments) - set(documented)
    assert not missing, f"not documented: {sorted(missing)}"
    for name, default in arguments.items():
        stated = _stated(path, documented[name])
        expected = NO_DEFAULT if default is None else _value(path, default)
        if stated is IN_WORDS and isinstance(expected, (tuple, list, dict)):
            continue  # such as "an empty one"
        assert stated == expected, (
            f"`{name}` has {expected!r}, and its documentation {stated!r}"
        )

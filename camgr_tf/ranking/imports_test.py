"""A worker that ranks loads NumPy, and nothing that takes long."""

import subprocess
import sys
from pathlib import Path

LOOK = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
heavy = {"tensorflow", "keras", "pandas", "ray", "apache_beam", "faiss"}
print(sorted(heavy & set(sys.modules)))
"""


def heavy_modules(folder, package):
    """What the modules of a folder load of what takes long, as text."""
    modules = [
        f"{package}.{path.stem}"
        for path in sorted(folder.glob("*.py"))
        if not path.stem.endswith("_test") and path.stem != "__init__"
    ]
    assert modules
    result = subprocess.run(
        [sys.executable, "-c", LOOK, *modules], capture_output=True, text=True
    )
    return result.stdout + result.stderr


def test_no_module_loads_tensorflow():
    assert heavy_modules(Path(__file__).parent, "camgr_tf.ranking") == "[]\n"

"""A worker that ranks loads NumPy, and nothing that takes long."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = sorted(
    f"camgr_tf.ranking.{path.stem}"
    for path in FOLDER.glob("*.py")
    if not path.stem.endswith("_test") and path.stem != "__init__"
)
LOOK = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
heavy = {"tensorflow", "keras", "pandas", "ray", "apache_beam", "faiss"}
print(sorted(heavy & set(sys.modules)))
"""


def test_no_module_loads_tensorflow():
    assert "camgr_tf.ranking.top_k" in MODULES
    result = subprocess.run(
        [sys.executable, "-c", LOOK, *MODULES], capture_output=True, text=True
    )
    assert result.stdout == "[]\n", result.stderr

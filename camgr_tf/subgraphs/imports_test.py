"""A worker that draws loads NumPy and SciPy, and nothing that takes long."""

from pathlib import Path

from camgr_tf.ranking.imports_test import heavy_modules

FOLDER = Path(__file__).parent


def test_no_module_loads_tensorflow():
    assert heavy_modules(FOLDER, "camgr_tf.subgraphs") == "[]\n"

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import camgr_tf
import camgr_tf.ingest
from camgr_tf.testing import write_tiny_folder


@pytest.mark.parametrize("name", camgr_tf.__all__)
def test_every_exported_name_is_there(name):
    assert getattr(camgr_tf, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'loda'"):
        camgr_tf.loda


@pytest.mark.parametrize("name", camgr_tf.ingest.__all__)
def test_every_maker_is_there(name):
    assert callable(getattr(camgr_tf.ingest, name))


def test_what_reads_data_folders_imports_nothing_that_makes_them():
    program = (
        "import sys\n"
        "import camgr_tf.data\n"
        "print([name for name in sys.modules if 'camgr_tf.ingest' in name])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert result.stdout == "[]\n", result.stderr


def test_another_keras_backend_is_refused():
    program = (
        "import os, sys, types\n"
        "keras = types.ModuleType('keras')\n"
        "keras.backend = types.SimpleNamespace(backend=lambda: 'torch')\n"
        "sys.modules['keras'] = keras\n"
        "import camgr_tf.backend\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "needs Keras' TensorFlow backend" in result.stderr
    assert "Received: 'torch'" in result.stderr


LOOK = """
import ctypes, json, os, sys
malloc = []
environment, modules = dict(os.environ), set(sys.modules)
cdll = ctypes.CDLL
ctypes.CDLL = lambda *a, **k: malloc.append(a) or cdll(*a, **k)
import camgr_tf, camgr_tf.paths
heavy = {"keras", "tensorflow", "tensorflow_gnn", "pandas", "papermill"}
print(json.dumps({
    "environment": environment == dict(os.environ),
    "heavy": sorted(heavy & (set(sys.modules) - modules)),
    "malloc": len(malloc),
}))
"""


def test_importing_the_package_changes_nothing_in_the_process():
    result = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True
    )
    assert json.loads(result.stdout) == {
        "environment": True,
        "heavy": [],
        "malloc": 0,
    }


def test_models_start_without_a_line_of_tensorflow():
    program = (
        "import os, sys\n"
        "before = dict(os.environ)\n"
        "from camgr_tf.losses import bpr\n"
        "assert dict(os.environ) == before\n"
        "import numpy as np\n"
        "bpr(np.ones(1), np.zeros(1))\n"
        "print('a line of ours', file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert (result.stdout, result.stderr) == ("", "a line of ours\n")


def test_an_error_of_the_import_is_shown_whole(tmp_path):
    (tmp_path / "keras.py").write_text(
        "import os\nos.write(2, b'from native code\\n')\n1 / 0\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", "import camgr_tf.backend"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.getcwd()}"},
    )
    assert "from native code" in result.stderr
    assert "ZeroDivisionError" in result.stderr


PROJECT = Path(camgr_tf.__file__).resolve().parents[1]


def test_requirements_are_the_packages_and_those_of_its_extras():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    wanted = list(project["dependencies"])
    for extra in ("notebooks", "gnn", "test"):
        wanted += extras[extra]
    assert sorted(listed) == sorted(wanted)


LIGHT = """
import sys
for name in ("papermill", "nbformat", "IPython", "jupyter", "tensorflow_gnn",
             "tf_keras", "apache_beam", "optuna", "faiss", "gradio", "pytest"):
    sys.modules[name] = None
import pathlib
root = pathlib.Path(sys.argv[1])
import camgr_tf
from camgr_tf.experiments import trial_process
from camgr_tf.reporting import report
config = camgr_tf.resolve_config(
    dataset="tiny", data_root=str(root), model="mf", max_epochs=1
)
run = camgr_tf.train(config, output_root=root / "out", progress=False)
print(camgr_tf.load(run.folder).recommend(["0"], k=2).shape[0])
for module in ("camgr_tf.notebook_runner", "camgr_tf.graphs.graph_tensor"):
    try:
        __import__(module)
    except ImportError as error:
        print(error)
"""


def test_the_core_trains_and_serves_without_any_extra(tmp_path):
    write_tiny_folder(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", LIGHT, tmp_path],
        capture_output=True,
        text=True,
    )
    assert result.stdout.splitlines()[-3:] == [
        "2",
        "Notebooks need papermill: pip install 'camgr_tf[notebooks]'.",
        "A GraphTensor needs TensorFlow GNN: pip install 'camgr_tf[gnn]'.",
    ], result.stderr

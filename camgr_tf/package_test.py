import subprocess
import sys

import pytest

import camgr_tf
import camgr_tf.ingest


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
        "import camgr_tf\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "needs Keras' TensorFlow backend" in result.stderr
    assert "Received: 'torch'" in result.stderr

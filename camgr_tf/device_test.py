import os

import pytest
import tensorflow as tf

from camgr_tf.device import describe_device
from camgr_tf.device import driver_version
from camgr_tf.device import has_gpu
from camgr_tf.device import peak_gpu_memory_mb
from camgr_tf.device import prepare_device

NAMES = (
    "CAMGR_TF32",
    "CAMGR_DETERMINISTIC",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "CAMGR_GPU_MEMORY_MB",
)
# As the kernel modules of NVIDIA write it, closed and open.
CLOSED = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  "
    "Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.2.0\n"
)
OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  "
    "Release Build  (root@host)\nGCC version:  gcc version 12.3.0\n"
)


@pytest.fixture
def settings(monkeypatch):
    """What TensorFlow was asked for; nothing is set for other tests."""
    for name in NAMES:
        # Set first: what the function sets itself is then taken back too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    asked = []
    for name in ("enable_tensor_float_32_execution", "enable_op_determinism"):
        monkeypatch.setattr(
            tf.config.experimental,
            name,
            lambda *values, name=name: asked.append((name, *values)),
        )
    return asked


def test_memory_grows_and_products_are_float32_by_default(settings):
    assert prepare_device() == {"tf32": False, "deterministic": False}
    assert settings == [("enable_tensor_float_32_execution", False)]
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_the_users_own_choice_of_growth_stays(settings, monkeypatch):
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    prepare_device()
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"


def test_both_switches(settings, monkeypatch):
    monkeypatch.setenv("CAMGR_TF32", "1")
    monkeypatch.setenv("CAMGR_DETERMINISTIC", "1")
    assert prepare_device() == {"tf32": True, "deterministic": True}
    assert settings == [
        ("enable_tensor_float_32_execution", True),
        ("enable_op_determinism",),
    ]


@pytest.mark.parametrize("name", NAMES[:2])
def test_refuses_other_values(settings, monkeypatch, name):
    monkeypatch.setenv(name, "yes")
    message = f"{name} must be 0 or 1. Received: .*'yes'"
    with pytest.raises(ValueError, match=message):
        prepare_device()


def test_a_bound_on_the_memory_of_the_first_gpu(settings, monkeypatch):
    gpus = [
        tf.config.PhysicalDevice(f"/physical_device:GPU:{k}", "GPU")
        for k in range(2)
    ]
    bounds = {}
    monkeypatch.setenv("CAMGR_GPU_MEMORY_MB", "2500")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        tf.config, "set_logical_device_configuration", bounds.__setitem__
    )
    prepare_device()
    ((gpu, (bound,)),) = bounds.items()
    assert gpu == gpus[0] and bound.memory_limit == 2500


@pytest.mark.parametrize("text", ["0", "-5", "2.5", "all"])
def test_refuses_another_bound(settings, monkeypatch, text):
    monkeypatch.setenv("CAMGR_GPU_MEMORY_MB", text)
    with pytest.raises(ValueError, match=f"megabytes. Received: .*'{text}'"):
        prepare_device()


@pytest.mark.skipif(has_gpu(), reason="a GPU is there")
def test_a_processor_has_no_gpu_memory():
    assert peak_gpu_memory_mb() is None


def test_tests_compute_products_in_float32():
    assert not tf.config.experimental.tensor_float_32_execution_enabled()


@pytest.mark.skipif(has_gpu(), reason="a GPU is there")
def test_a_processor_has_no_driver(settings):
    description = describe_device()
    assert description.pop("name")
    assert description == {
        "kind": "CPU",
        "driver": None,
        "cuda": None,
        "precision": "float32",
        "tf32": False,
        "deterministic": False,
    }


def test_a_gpu_is_named(settings, monkeypatch, tmp_path):
    path = tmp_path / "version"
    path.write_text(OPEN)
    config = tf.config
    gpu = config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr("camgr_tf.device.DRIVER_FILE", path)
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: [gpu])
    monkeypatch.setattr(
        config.experimental,
        "get_device_details",
        lambda device: {"device_name": "NVIDIA H200"},
    )
    monkeypatch.setattr(
        tf.sysconfig, "get_build_info", lambda: {"cuda_version": "12.5.1"}
    )
    description = describe_device()
    assert description["kind"] == "GPU"
    assert description["name"] == "NVIDIA H200"
    assert description["driver"] == "580.65.06"
    assert description["cuda"] == "12.5.1"


@pytest.mark.gpu
def test_the_gpu_of_this_machine_is_named():
    description = describe_device()
    assert "NVIDIA" in description["name"] and description["driver"]


@pytest.mark.parametrize(
    "text, version",
    [(CLOSED, "535.183.01"), (OPEN, "580.65.06"), ("no version", None)],
)
def test_the_version_of_a_driver(tmp_path, text, version):
    path = tmp_path / "version"
    path.write_text(text)
    assert driver_version(path) == version
    assert driver_version(tmp_path / "nowhere") is None

import os

import pytest
import tensorflow as tf

from camgr_tf.device import prepare_device

NAMES = (
    "CAMGR_MIXED_PRECISION",
    "CAMGR_DETERMINISTIC",
    "TF_FORCE_GPU_ALLOW_GROWTH",
)


@pytest.fixture
def settings(monkeypatch):
    """What TensorFlow was asked for; nothing is set for other tests."""
    for name in NAMES:
        # Set first: what the function sets itself is then taken back too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    asked = []
    monkeypatch.setattr(
        tf.config.optimizer, "set_experimental_options", asked.append
    )
    monkeypatch.setattr(
        tf.config.experimental,
        "enable_op_determinism",
        lambda: asked.append("deterministic"),
    )
    return asked


def test_memory_grows_and_nothing_else_by_default(settings):
    assert prepare_device() == {
        "mixed_precision": False,
        "deterministic": False,
    }
    assert settings == []
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_the_users_own_choice_of_growth_stays(settings, monkeypatch):
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    prepare_device()
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"


def test_both_switches(settings, monkeypatch):
    monkeypatch.setenv("CAMGR_MIXED_PRECISION", "1")
    monkeypatch.setenv("CAMGR_DETERMINISTIC", "1")
    assert prepare_device() == {"mixed_precision": True, "deterministic": True}
    assert settings == [{"auto_mixed_precision": True}, "deterministic"]


def test_refuses_other_values(settings, monkeypatch):
    monkeypatch.setenv("CAMGR_DETERMINISTIC", "yes")
    message = "CAMGR_DETERMINISTIC must be 0 or 1. Received: .*'yes'"
    with pytest.raises(ValueError, match=message):
        prepare_device()

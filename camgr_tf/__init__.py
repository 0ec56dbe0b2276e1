"""CAmgr and nine multimodal recommenders in Keras 3 and TensorFlow."""

import importlib
import os

# TF-GNN needs Keras 2 behind `tf.keras`, chosen before TensorFlow is first
# imported. `import keras` stays Keras 3.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import keras

from camgr_tf.allocator import keep_freed_memory
from camgr_tf.device import prepare_device

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "camgr_tf needs Keras' TensorFlow backend. Set KERAS_BACKEND="
        f"tensorflow. Received: {keras.backend.backend()!r}"
    )

keep_freed_memory()
prepare_device()

# Imported when first asked for: a command that reads data needs no models.
_EXPORTS = {
    "BASELINES": "camgr_tf.baselines",
    "CAmgr": "camgr_tf.models",
    "ExperimentConfig": "camgr_tf.config",
    "MODELS": "camgr_tf.registry",
    "Recommender": "camgr_tf.models",
    "load": "camgr_tf.serving.recommender",
    "load_dataset": "camgr_tf.data.dataset",
    "resolve_config": "camgr_tf.config",
    "train": "camgr_tf.training.runs",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name):
    if name not in _EXPORTS:
        raise AttributeError(f"module 'camgr_tf' has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__():
    return sorted([*globals(), *_EXPORTS])

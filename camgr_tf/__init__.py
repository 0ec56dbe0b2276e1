"""CAmgr and the multimodal recommenders it is compared with, in Keras 3.

Importing this module changes nothing in the process: TensorFlow is loaded
with the first name that needs it, and its settings are made by training and
by the commands.
"""

import importlib

__version__ = "0.3.0"

_EXPORTS = {
    "BASELINES": "camgr_tf.baselines",
    "CAmgr": "camgr_tf.models",
    "ExperimentConfig": "camgr_tf.config",
    "MODELS": "camgr_tf.registry",
    "Recommender": "camgr_tf.models",
    "load": "camgr_tf.serving.recommender",
    "load_dataset": "camgr_tf.data",
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

"""CAmgr and nine multimodal recommenders in Keras 3 and TensorFlow."""

import os

# TF-GNN needs Keras 2 behind `tf.keras`, chosen before TensorFlow is first
# imported. `import keras` stays Keras 3.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import keras

from camgr_tf.allocator import keep_freed_memory

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "camgr_tf needs Keras' TensorFlow backend. Set KERAS_BACKEND="
        f"tensorflow. Received: {keras.backend.backend()!r}"
    )

keep_freed_memory()

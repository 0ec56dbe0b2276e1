"""Imports TensorFlow and Keras, without the start-up lines of the former.

Every folder of the package whose modules need TensorFlow imports this module
first; `import camgr_tf` alone does not.
"""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def muted_standard_error():
    """Holds back what native code writes to standard error.

    TensorFlow's libraries write to file descriptor 2 while they are loaded,
    before any setting of theirs is read. What was held back is written after
    all if the block raises.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, _duplicate(2) as standard_error:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(standard_error, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(standard_error, 2)


@contextlib.contextmanager
def _duplicate(descriptor):
    copy = os.dup(descriptor)
    try:
        yield copy
    finally:
        os.close(copy)


@contextlib.contextmanager
def _default_log_level(level):
    """TensorFlow reads its log level once; the variable is put back."""
    name = "TF_CPP_MIN_LOG_LEVEL"
    if name in os.environ:
        yield
        return
    os.environ[name] = level
    try:
        yield
    finally:
        del os.environ[name]


def _import_quietly():
    with muted_standard_error(), _default_log_level("3"):
        import keras
        import tensorflow as tf

        # Looks for the drivers of a GPU, and writes about it, the first time.
        tf.config.list_physical_devices("GPU")
    return keras


if "tensorflow" not in sys.modules:
    keras = _import_quietly()
else:
    import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "camgr_tf needs Keras' TensorFlow backend. Set KERAS_BACKEND="
        f"tensorflow. Received: {keras.backend.backend()!r}"
    )

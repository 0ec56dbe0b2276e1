"""How TensorFlow uses a GPU, where there is one."""

import os

import tensorflow as tf

from camgr_tf import backend  # noqa: F401, I001

SWITCHES = {"": False, "0": False, "1": True}


def prepare_device():
    """Sets memory growth, mixed precision and determinism for this process.

    Training calls it, before the first tensor exists. Memory of a
    GPU is taken as it is needed, unless `TF_FORCE_GPU_ALLOW_GROWTH` says
    otherwise. Two environment variables, `0` or `1`, ask for more:

    - `CAMGR_MIXED_PRECISION`: TensorFlow's graph rewriter computes dense
      products in float16 on a GPU; weights and sparse products stay float32.
      The loss is not scaled. Nothing changes on a CPU.
    - `CAMGR_DETERMINISTIC`: the same run gives the same bits; an operation
      that cannot do so raises an error.

    Returns:
        Dictionary, `device_options()`.

    Raises:
        ValueError: If a variable is neither `0` nor `1`.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    options = device_options()
    if options["mixed_precision"]:
        tf.config.optimizer.set_experimental_options(
            {"auto_mixed_precision": True}
        )
    if options["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    return options


def device_options():
    """What the environment asks of the device; sets nothing.

    Returns:
        Dictionary with `mixed_precision` and `deterministic`, booleans.

    Raises:
        ValueError: If a variable is neither `0` nor `1`.
    """
    return {
        "mixed_precision": _switch("CAMGR_MIXED_PRECISION"),
        "deterministic": _switch("CAMGR_DETERMINISTIC"),
    }


def _switch(name):
    value = os.environ.get(name, "")
    if value not in SWITCHES:
        raise ValueError(f"{name} must be 0 or 1. Received: {name}={value!r}")
    return SWITCHES[value]

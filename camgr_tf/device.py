"""How TensorFlow uses a GPU, where there is one, and what a run says of it."""

import os
import platform
from pathlib import Path

import tensorflow as tf

from camgr_tf import backend  # noqa: F401, I001

SWITCHES = {"": False, "0": False, "1": True}
MEMORY_BOUND = "CAMGR_GPU_MEMORY_MB"
DRIVER_FILE = Path("/proc/driver/nvidia/version")


def prepare_device():
    """Sets memory growth, precision and determinism for this process.

    Training calls it, before the first tensor exists. Memory of a
    GPU is taken as it is needed, unless `TF_FORCE_GPU_ALLOW_GROWTH` says
    otherwise. All numbers are float32, and products of them are float32 too,
    on a GPU as on a processor. Two environment variables, `0` or `1`, change
    that for a GPU; a processor computes the same either way:

    - `CAMGR_TF32`: dense products take their operands as TF32, with 10 bits
      in place of 23 behind the point. TensorFlow's own default is this.
    - `CAMGR_DETERMINISTIC`: the same run gives the same bits; an operation
      that cannot do so raises an error.

    `CAMGR_GPU_MEMORY_MB` bounds what the process takes of the first GPU; a
    sweep sets it where several runs share one.

    There is no float16: nothing here scales the loss, and gradients of
    pairwise ranking, down to 1e-7, lie below its smallest normal number.

    Returns:
        Dictionary, `device_options()`.

    Raises:
        ValueError: If a variable is neither `0` nor `1`, or the bound is no
            positive integer.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    options = device_options()
    _bound_memory(os.environ.get(MEMORY_BOUND, ""))
    tf.config.experimental.enable_tensor_float_32_execution(options["tf32"])
    if options["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    return options


def device_options():
    """What the environment asks of the device; sets nothing.

    Returns:
        Dictionary with `tf32` and `deterministic`, booleans.

    Raises:
        ValueError: If a variable is neither `0` nor `1`.
    """
    return {
        "tf32": _switch("CAMGR_TF32"),
        "deterministic": _switch("CAMGR_DETERMINISTIC"),
    }


def has_gpu():
    """Whether TensorFlow computes on a GPU; takes none of its memory."""
    return bool(tf.config.list_physical_devices("GPU"))


def describe_device():
    """What the figures of a run depend on, besides code and data.

    Returns:
        Dictionary of plain values: `kind`, `"GPU"` or `"CPU"`; its `name`;
        `driver` and `cuda`, the versions, `None` on a processor; `precision`,
        of weights and of what is not a dense product; and
        `device_options()`.
    """
    description = {
        "kind": "CPU",
        "name": processor_name(),
        "driver": None,
        "cuda": None,
        "precision": "float32",
        **device_options(),
    }
    if has_gpu():
        gpu, *_ = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(gpu)
        description |= {
            "kind": "GPU",
            "name": details.get("device_name", gpu.name),
            "driver": driver_version(DRIVER_FILE),
            "cuda": tf.sysconfig.get_build_info().get("cuda_version"),
        }
    return description


def processor_name():
    """The processor's model, as Linux has it."""
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def driver_version(path):
    """The version in the file that NVIDIA's kernel module shows.

    Args:
        path: Path.

    Returns:
        String such as `"580.65.06"`, or `None` where it cannot be told.
    """
    if not path.is_file():
        return None
    words = path.read_text(errors="replace").split()
    numbers = (w for w in words if w.replace(".", "").isdigit() and "." in w)
    return next(numbers, None)


def peak_gpu_memory_mb():
    """The most memory of the first GPU that tensors took, else `None`."""
    if not has_gpu():
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20


def _bound_memory(text):
    if not text:
        return
    if not text.isdigit() or int(text) < 1:
        raise ValueError(
            f"{MEMORY_BOUND} must be a positive integer, megabytes. Received: "
            f"{MEMORY_BOUND}={text!r}"
        )
    for gpu in tf.config.list_physical_devices("GPU")[:1]:
        bound = tf.config.LogicalDeviceConfiguration(memory_limit=int(text))
        tf.config.set_logical_device_configuration(gpu, [bound])


def _switch(name):
    value = os.environ.get(name, "")
    if value not in SWITCHES:
        raise ValueError(f"{name} must be 0 or 1. Received: {name}={value!r}")
    return SWITCHES[value]

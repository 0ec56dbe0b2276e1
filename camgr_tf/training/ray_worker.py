"""What each worker of Ray Train does."""

import os

from camgr_tf.experiments.gpu_share import share_environment


def train_worker(settings):
    """Trains as one of the workers that `TF_CONFIG` names.

    Args:
        settings: Dictionary of `config`, `output_root` and `progress`, as
            for `camgr_tf.training.runs.train`, and `gpus`, those that this
            worker has of Ray, such as `0.5`.
    """
    # Ray Train asks for Keras 2.
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    os.environ.update(gpu_environment(settings["gpus"]))
    import tensorflow as tf

    from camgr_tf.device import prepare_device
    from camgr_tf.training.runs import train

    # The strategy takes the GPU, and comes before the first operation.
    prepare_device()
    strategy = tf.distribute.MultiWorkerMirroredStrategy(
        communication_options=tf.distribute.experimental.CommunicationOptions(
            implementation=implementation(settings["gpus"])
        )
    )
    train(
        settings["config"],
        output_root=settings["output_root"],
        progress=settings["progress"],
        strategy=strategy,
    )


def gpu_environment(gpus):
    """What makes a worker take of GPUs what it has of Ray.

    Args:
        gpus: Float. None, one, or a part of one.

    Returns:
        Dictionary of environment variables.
    """
    # Ray leaves all of them visible to who has none.
    return share_environment(gpus) if gpus else {"CUDA_VISIBLE_DEVICES": "-1"}


def implementation(gpus):
    """How sums travel: NCCL refuses two workers on one GPU.

    Args:
        gpus: Float. None, one, or a part of one.

    Returns:
        String, of `tf.distribute.experimental.CommunicationImplementation`.
    """
    return "RING" if 0 < gpus < 1 else "AUTO"

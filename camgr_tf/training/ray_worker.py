"""What each worker of Ray Train does."""

import os


def train_worker(settings):
    """Trains as one of the workers that `TF_CONFIG` names.

    Args:
        settings: Dictionary of `config`, `output_root` and `progress`, as
            for `camgr_tf.training.runs.train`.
    """
    # Ray Train asks for Keras 2.
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    import tensorflow as tf

    # Before the first operation.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    from camgr_tf.training.runs import train

    train(
        settings["config"],
        output_root=settings["output_root"],
        progress=settings["progress"],
        strategy=strategy,
    )

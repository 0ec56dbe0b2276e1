import keras
import tensorflow as tf


class HostSeedGenerator(keras.random.SeedGenerator):
    """The seeds of `keras.random.SeedGenerator`, made on the processor.

    Random operations read their seed there. Keras' own generator keeps its
    state on a GPU, which then has to be waited for at each draw.

    Args:
        seed: Integer.
        name: String. Name of its state in saved weights.

    Example:

    ```python
    import keras
    from camgr_tf.ops import HostSeedGenerator

    ours = HostSeedGenerator(3, name="ours")
    keras_own = keras.random.SeedGenerator(3)
    assert float(keras.random.uniform((), seed=ours)) == float(
        keras.random.uniform((), seed=keras_own)
    )
    ```
    """

    def __init__(self, seed, name):
        with tf.device("CPU:0"):
            super().__init__(seed, name=name)

    def next(self, ordered=True):
        with tf.device("CPU:0"):
            seed = super().next(ordered)
            # As Keras' own functions do with it, but on the processor.
            return tf.cast(tf.math.floormod(seed, tf.int32.max - 1), "int32")

import keras
import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.ops import HostSeedGenerator

# The last does not fit 32 bits.
SEEDS = [0, 7, 2**31 - 2, 2**31 + 5]


@pytest.mark.parametrize("seed", SEEDS)
def test_draws_are_those_of_keras(seed):
    ours = HostSeedGenerator(seed, name="ours")
    theirs = keras.random.SeedGenerator(seed)

    @tf.function
    def draw(generator):
        return keras.random.dropout(tf.ones(50), 0.5, seed=generator)

    # In a graph and outside of one, three times each.
    for _ in range(3):
        for call in (draw, draw.python_function):
            np.testing.assert_array_equal(call(ours), call(theirs))
    np.testing.assert_array_equal(ours.state, theirs.state)


def test_the_state_lies_on_the_processor():
    generator = HostSeedGenerator(1, name="ours")
    assert "CPU" in generator.state.value.device
    assert generator.next().dtype == "int32"
    assert "CPU" in generator.next().device


def test_the_state_is_a_weight_of_its_model_under_its_name():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.seeds = HostSeedGenerator(1, name="edge_dropout")

    paths = [v.path for v in Model().variables]
    assert paths == ["edge_dropout/seed_generator_state"]

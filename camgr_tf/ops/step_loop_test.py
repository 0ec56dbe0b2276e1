import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.ops import for_each_batch


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 100])
def test_each_row_once_and_in_order(compiled, batch_size):
    users = np.arange(7, dtype="int32")
    state, steps = tf.Variable(0.0), tf.Variable(0)

    def step(batch):
        # Whoever comes first is divided most often.
        number = tf.reduce_sum(batch["users"] * batch["items"])
        state.assign(state / 2 + tf.cast(number, "float32"))
        steps.assign_add(1)
        assert batch["users"].dtype == "int32"

    def run(rows):
        for_each_batch(step, rows, batch_size)

    run = tf.function(run) if compiled else run
    run({"users": tf.constant(users), "items": tf.constant(users + 1)})
    expected, count = 0.0, 0
    for start in range(0, 7, batch_size):
        part = users[start : start + batch_size]
        expected = expected / 2 + float(np.sum(part * (part + 1)))
        count += 1
    assert steps.numpy() == count
    assert state.numpy() == pytest.approx(expected)


def test_whole_batches_have_a_size_that_is_known_before():
    sizes = []
    ids = tf.TensorSpec((None,), "int32")
    run = tf.function(
        lambda ids: for_each_batch(
            lambda batch: sizes.append(batch["ids"].shape[0]), {"ids": ids}, 4
        )
    )
    run.get_concrete_function(ids)
    assert sizes == [4, None]

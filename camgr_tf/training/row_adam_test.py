import keras
import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.training.adam import Adam
from camgr_tf.training.row_adam import RowAdam

START = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]], "float32")
RNG = np.random.default_rng(0)
GRADIENTS = RNG.normal(size=(6, 3, 2)).astype("float32")


def trained(optimizer, table, gradients):
    optimizer.build([table])
    for gradient in gradients:
        optimizer.apply([gradient], [table])
    return table.numpy()


def slices(gradient, rows):
    return tf.IndexedSlices(
        tf.constant(gradient[rows]), tf.constant(rows, "int32")
    )


def table():
    return keras.Variable(START, name="table")


@pytest.mark.parametrize("row_order", [[0, 1, 2], [2, 0, 1]])
def test_rows_that_every_step_reads_move_as_in_keras_adam(row_order):
    # So small an epsilon that its place does not matter. Keras rounds
    # `1 - beta^t` to float32, which shows in the fifth digit.
    dense, rows = table(), table()
    wanted = trained(
        keras.optimizers.Adam(0.1, epsilon=1e-12), dense, GRADIENTS
    )
    optimizer = RowAdam([rows], learning_rate=0.1, epsilon=1e-12)
    got = trained(optimizer, rows, [slices(g, row_order) for g in GRADIENTS])
    np.testing.assert_allclose(got, wanted, rtol=1e-4)
    assert np.abs(got - START).max() > 0.1


def test_decay_scale_and_epsilon_are_those_of_the_dense_optimizer():
    arguments = {
        "learning_rate": 0.1,
        "epsilon": 0.3,
        "coupled_weight_decay": 0.2,
        "scales": lambda variable: 0.5,
    }
    dense, rows = table(), table()
    wanted = trained(Adam(**arguments), dense, map(tf.constant, GRADIENTS))
    optimizer = RowAdam([rows], **arguments)
    got = trained(optimizer, rows, [slices(g, [0, 1, 2]) for g in GRADIENTS])
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_rows_that_are_not_read_stay_and_moments_fade_by_the_steps_between():
    rows = table()
    optimizer = RowAdam([rows], learning_rate=0.1)
    optimizer.build([rows])
    optimizer.apply([slices(GRADIENTS[0], [0, 2])], [rows])
    optimizer.apply([slices(GRADIENTS[1], [2])], [rows])
    before = rows.numpy()
    np.testing.assert_array_equal(before[1], START[1])
    optimizer.apply([slices(GRADIENTS[2], [0])], [rows])
    np.testing.assert_array_equal(rows.numpy()[1:], before[1:])
    # Row 0: gradients of steps 1 and 3, none in step 2.
    g, h = GRADIENTS[0, 0], GRADIENTS[2, 0]
    first = 0.9**2 * 0.1 * g + 0.1 * h
    second = 0.999**2 * 0.001 * g**2 + 0.001 * h**2
    move = first / (1 - 0.9**3) / np.sqrt(second / (1 - 0.999**3))
    np.testing.assert_allclose(
        rows.numpy()[0], before[0] - 0.1 * move, rtol=1e-4
    )


def test_a_compiled_step_of_another_number_of_rows_is_the_same():
    eager, compiled = table(), table()
    optimizers = [RowAdam([t], learning_rate=0.1) for t in (eager, compiled)]
    for optimizer, t in zip(optimizers, (eager, compiled)):
        optimizer.build([t])

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 2)),
            tf.TensorSpec((None,), "int32"),
        ]
    )
    def step(values, indices):
        optimizers[1].apply([tf.IndexedSlices(values, indices)], [compiled])

    for gradient, chosen in zip(GRADIENTS, ([1], [0, 2], [], [0, 1, 2])):
        optimizers[0].apply([slices(gradient, chosen)], [eager])
        step(gradient[chosen], np.array(chosen, "int32"))
    np.testing.assert_allclose(compiled.numpy(), eager.numpy(), rtol=1e-6)

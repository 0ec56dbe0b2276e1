import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from camgr_tf.models.recommender import Recommender
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam


class TorchAdam:
    """PyTorch's Adam on one float64 array."""

    def __init__(self, weights, learning_rate, weight_decay=0.0, epsilon=1e-8):
        self.weights = np.array(weights, "float64")
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epsilon = epsilon
        self.first = np.zeros_like(self.weights)
        self.second = np.zeros_like(self.weights)
        self.step_count = 0

    def step(self, gradient):
        self.step_count += 1
        gradient = gradient + self.weight_decay * self.weights
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        first = self.first / (1 - 0.9**self.step_count)
        second = self.second / (1 - 0.999**self.step_count)
        self.weights -= (
            self.learning_rate * first / (np.sqrt(second) + self.epsilon)
        )
        return self.weights


def variable(values, name="table"):
    return keras.Variable(np.asarray(values, "float32"), name=name)


def test_first_step_by_hand():
    table = variable([[1.0, -2.0, 0.5]])
    Adam(0.1).apply([tf.constant([[3.0, -0.5, 0.0]])], [table])
    # m / (1 - b1) = g and sqrt(v / (1 - b2)) = |g|: one learning rate.
    np.testing.assert_allclose(table, [[0.9, -1.9, 0.5]], atol=1e-6)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_agrees_with_pytorch_over_many_steps(weight_decay):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(4, 3))
    table = variable(start)
    adam = Adam(0.01, coupled_weight_decay=weight_decay)
    reference = TorchAdam(start, 0.01, weight_decay)
    for _ in range(20):
        gradient = rng.normal(size=(4, 3))
        adam.apply([tf.constant(gradient, "float32")], [table])
        expected = reference.step(gradient)
        np.testing.assert_allclose(table, expected, atol=1e-5)


def test_weight_decay_is_rescaled_like_a_gradient():
    # Coupled: both weights, 100 and 0.01, move by one learning rate, though
    # no loss asks. Decoupled they would lose one share of their size.
    table = variable([100.0, 0.01])
    adam = Adam(0.001, coupled_weight_decay=1e-4)
    adam.apply([tf.zeros(2)], [table])
    np.testing.assert_allclose(table, [99.999, 0.009], atol=2e-5)


def test_repeated_rows_are_summed_before_they_are_squared():
    start = np.array([[1.0], [2.0], [3.0]])
    table, dense = variable(start), TorchAdam(start, 0.1)
    adam = Adam(0.1)
    for values in ([1.0, 2.0, 4.0], [1.0, -3.0, 0.5], [2.0, 1.0, 1.0]):
        rows = tf.IndexedSlices(
            values=tf.constant(values)[:, None],
            indices=tf.constant([0, 1, 1]),
            dense_shape=tf.constant([3, 1]),
        )
        adam.apply([rows], [table])
        summed = np.array([[values[0]], [values[1] + values[2]], [0.0]])
        expected = dense.step(summed)
    np.testing.assert_allclose(table, expected, atol=1e-5)


def test_gathered_rows_with_repeats_train_like_their_dense_gradient():
    table = variable([[0.4], [0.6]])
    adam, reference = Adam(0.05), TorchAdam([[0.4], [0.6]], 0.05)
    for _ in range(3):
        with tf.GradientTape() as tape:
            rows = ops.take(table, np.array([0, 1, 1]), axis=0)
            loss = ops.sum(rows * rows)
        adam.apply(tape.gradient(loss, [table.value]), [table])
        expected = reference.step(reference.weights * np.array([[2.0], [4.0]]))
    np.testing.assert_allclose(table, expected, atol=1e-5)


def test_an_untouched_row_moves_on_by_its_momentum():
    table, start = variable(np.zeros((2, 1))), np.zeros((2, 1))
    adam, reference = Adam(0.1), TorchAdam(start, 0.1)
    for row in (0, 1, 1):
        before = np.asarray(table).copy()
        slices = tf.IndexedSlices(
            tf.ones((1, 1)), tf.constant([row]), tf.constant([2, 1])
        )
        adam.apply([slices], [table])
        expected = reference.step(np.eye(2)[:, [row]])
        assert np.asarray(table)[0, 0] < before[0, 0]
    np.testing.assert_allclose(table, expected, atol=1e-5)


def test_epsilon_comes_after_the_bias_correction():
    # Gradients of the size of epsilon, where its place decides. In step 1:
    # 0.1 g / (g + eps) = 0.05; with Keras' order 0.1 g / (g + eps / sqrt(1 -
    # b2)) = 0.0031.
    table = variable([0.0])
    adam, reference = Adam(0.1), TorchAdam([0.0], 0.1)
    adam.apply([tf.constant([1e-8])], [table])
    np.testing.assert_allclose(table, [-0.05], rtol=1e-4)
    reference.step(np.array([1e-8]))
    for gradient in (2e-8, -3e-8, 1e-7):
        adam.apply([tf.constant([gradient])], [table])
        expected = reference.step(np.array([gradient]))
    np.testing.assert_allclose(table, expected, rtol=1e-4)


def test_default_epsilon_shows_at_the_gradients_of_ranking():
    table = variable([0.0])
    Adam(0.1).apply([tf.constant([2e-6])], [table])
    # 0.1 / (1 + 1e-8 / 2e-6); with Keras' 1e-7 it would be 0.0952.
    np.testing.assert_allclose(table, [-0.1 / 1.005], rtol=1e-5)


class Alternating(Recommender):
    """Its loss reads one table of weights in the first step only."""

    def __init__(self, dataset):
        super().__init__(dataset, embedding_dim=2)
        self.once = self.table("once", (3, 2), np.ones((3, 2)))
        self.always = self.table("always", (3, 2), np.ones((3, 2)))
        self.first = True

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        loss = ops.sum(self.always * self.always)
        if self.first:
            loss = loss + 3.0 * ops.sum(self.once)
        self.first = False
        return {"squares": loss}


def test_a_missing_gradient_counts_as_zeros():
    model = Alternating(tiny_dataset())
    model.compile(optimizer=Adam(0.1), jit_compile=False, run_eagerly=True)
    model.track_losses(["squares"])
    reference = TorchAdam(np.ones((3, 2)), 0.1)
    for gradient in (3.0, 0.0, 0.0):
        before = np.asarray(model.once).copy()
        model.train_step(tiny_batch())
        expected = reference.step(np.full((3, 2), gradient))
        assert np.all(np.asarray(model.once) < before)
        np.testing.assert_allclose(model.once, expected, atol=1e-5)


def test_a_weight_that_never_had_a_gradient_stays():
    model = Alternating(tiny_dataset())
    model.first = False
    model.compile(optimizer=Adam(0.1), jit_compile=False, run_eagerly=True)
    model.track_losses(["squares"])
    for _ in range(2):
        model.train_step(tiny_batch())
    np.testing.assert_array_equal(model.once, np.ones((3, 2)))


def test_each_variable_has_its_own_learning_rate():
    fast, slow = variable([0.0], "fast"), variable([0.0], "slow")
    adam = Adam(0.1, scales=lambda v: 0.02 if v.path.endswith("slow") else 1.0)
    adam.apply([tf.constant([1.0]), tf.constant([1.0])], [fast, slow])
    np.testing.assert_allclose(fast, [-0.1], rtol=1e-5)
    np.testing.assert_allclose(slow, [-0.002], rtol=1e-5)


def test_a_new_learning_rate_is_used_and_the_moments_stay():
    table, reference = variable([1.0]), TorchAdam([1.0], 0.1)
    adam = Adam(0.1)
    for rate, gradient in ((0.1, 1.0), (0.02, -2.0), (0.3, 0.5)):
        adam.learning_rate = reference.learning_rate = rate
        adam.apply([tf.constant([gradient])], [table])
        expected = reference.step(np.array([gradient]))
    np.testing.assert_allclose(table, expected, atol=1e-5)


def test_it_is_the_same_inside_a_tf_function():
    start = np.array([[0.3, -0.2]])
    table, reference = variable(start), TorchAdam(start, 0.1)
    adam = Adam(0.1)
    adam.build([table])

    @tf.function
    def step():
        adam.apply([2.0 * ops.convert_to_tensor(table)], [table])

    for _ in range(5):
        step()
        expected = reference.step(2.0 * reference.weights)
    np.testing.assert_allclose(table, expected, atol=1e-5)


def test_bad_learning_rate_is_refused():
    with pytest.raises(
        ValueError, match="must be positive. Received: learning_rate=0"
    ):
        Adam(0)


def test_config_holds_every_number():
    config = Adam(0.5, 0.8, 0.9, 1e-6, 0.25).get_config()
    expected = {
        "beta_1": 0.8,
        "beta_2": 0.9,
        "epsilon": 1e-6,
        "coupled_weight_decay": 0.25,
    }
    assert config["learning_rate"] == pytest.approx(0.5)
    assert {k: config[k] for k in expected} == expected


def test_the_corrections_are_computed_once_for_all_weights():
    variables = [keras.Variable(np.ones(2, "float32")) for _ in range(5)]
    adam = Adam()
    adam.build(variables)

    @tf.function
    def step():
        adam.apply([tf.ones(2)] * 5, variables)

    kinds = [
        o.type for o in step.get_concrete_function().graph.get_operations()
    ]
    assert kinds.count("ResourceApplyAdam") == 5
    assert kinds.count("Expm1") == 2

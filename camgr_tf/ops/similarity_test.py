import itertools

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from camgr_tf.ops import mean_logsumexp
from camgr_tf.ops import nearest_rows


def expected_mean(queries, keys):
    """Log-sum-exp over all keys but a row's own, in float64."""
    total = 0.0
    for a, query in enumerate(queries.astype("float64")):
        products = np.delete(keys.astype("float64") @ query, a)
        total += np.log(np.exp(products).sum())
    return total / len(queries)


def random_rows(num_rows, dim=3, seed=0):
    rows = np.random.default_rng(seed).normal(size=(num_rows, dim))
    return rows.astype("float32")


class TestMeanLogsumexp:
    def test_by_hand(self):
        # Query 0 sees keys 1 and 2: log(e^2 + e^4). Query 1 sees 0 and 2:
        # log(e^0 + e^0), since it is zero.
        queries = np.array([[1.0], [0.0]], "float32")
        keys = np.array([[9.0], [2.0], [4.0]], "float32")
        expected = (np.log(np.exp(2.0) + np.exp(4.0)) + np.log(2.0)) / 2
        np.testing.assert_allclose(
            mean_logsumexp(queries, keys), expected, rtol=1e-6
        )

    def test_gradient_is_that_of_the_whole_matrix(self):
        queries, keys = random_rows(9), random_rows(18, seed=1)
        bound = np.abs(queries @ keys.T).max()
        for block_size, bound in itertools.product(
            (1, 4, 7, 9, 100, None), (None, bound, 61.0)
        ):
            q, k = tf.Variable(queries), tf.Variable(keys)
            with tf.GradientTape() as tape:
                value = 5.0 * mean_logsumexp(q, k, block_size, bound)
            gradients = tape.gradient(value, [q, k])
            with tf.GradientTape() as tape:
                products = tf.linalg.set_diag(
                    q @ tf.transpose(k), tf.fill([9], -np.inf)
                )
                whole = 5.0 * tf.reduce_mean(
                    tf.reduce_logsumexp(products, axis=1)
                )
            expected = tape.gradient(whole, [q, k])
            np.testing.assert_allclose(
                value, 5.0 * expected_mean(queries, keys), rtol=1e-6
            )
            for received, wanted in zip(gradients, expected):
                np.testing.assert_allclose(received, wanted, atol=1e-6)

    def test_large_products_do_not_overflow(self):
        rows = np.array([[30.0], [20.0]], "float32")
        # Query 0 sees 600 alone, query 1 too.
        np.testing.assert_allclose(mean_logsumexp(rows, rows), 600.0)

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_bounded_products_may_be_as_large_as_60(self, sign):
        # Query 0 sees +-60 and 0, query 1 sees 0 twice.
        queries = np.array([[sign * 60.0], [0.0]], "float32")
        keys = np.array([[1.0], [1.0], [0.0]], "float32")
        keys[2] = 0.0 if sign > 0 else 1.0
        values = np.delete(queries @ keys.T, [0, 4]).reshape(2, 2)
        expected = scipy.special.logsumexp(values.astype("float64"), axis=1)
        q = tf.Variable(queries)
        with tf.GradientTape() as tape:
            value = mean_logsumexp(q, keys, bound=60.0)
        np.testing.assert_allclose(value, expected.mean(), rtol=1e-6)
        # Half the mean key under the softmax: 1, and the mean of two.
        np.testing.assert_allclose(
            tape.gradient(value, q), [[0.5], [keys[[0, 2]].mean() / 2]], 1e-6
        )

    def test_the_matrix_is_never_whole(self):
        """No tensor of the compiled graph has all rows and all columns."""
        rows = tf.constant(random_rows(50))

        @tf.function
        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = mean_logsumexp(x, x, block_size=7)
            return tape.gradient(value, x)

        graph = step.get_concrete_function(rows).graph
        functions = graph.as_graph_def(add_shapes=True).library.function
        shapes = {
            tuple(d.size for d in shape.dim)
            for function in functions
            for node in function.node_def
            for shape in node.attr["_output_shapes"].list.shape
        }
        assert (7, 50) in shapes
        assert (50, 50) not in shapes


class TestNearestRows:
    def test_by_hand_with_a_tie(self):
        # Rows 0 and 2 are equal: the smaller index first.
        rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "float32")
        np.testing.assert_array_equal(
            nearest_rows(rows, 2), [[0, 2], [1, 0], [0, 2]]
        )

    def test_blocks_do_not_matter_inside_a_function(self):
        rows = random_rows(23)
        expected = np.argsort(-(rows @ rows.T), axis=1, kind="stable")[:, :4]
        for block_size in (1, 7, 23, 50, None):
            search = tf.function(lambda x: nearest_rows(x, 4, block_size))
            np.testing.assert_array_equal(search(rows), expected)

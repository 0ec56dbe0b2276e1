import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops import Adjacency
from camgr_tf.ops import edge_products

# Target 0 receives from 1 and 2, target 1 from 0.
MATRIX = scipy.sparse.csr_matrix(np.array([[0, 5, 7], [3, 0, 0]], "float32"))
TARGETS = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
SOURCES = np.array([[1.0, 1.0], [0.0, 2.0], [5.0, 0.0]], "float32")


def test_by_hand():
    # (1, 2).(0, 2) = 4;  (1, 2).(5, 0) = 5;  (3, 4).(1, 1) = 7.
    products = edge_products(Adjacency(MATRIX), TARGETS, SOURCES)
    np.testing.assert_array_equal(products, [4.0, 5.0, 7.0])


def test_gradients_by_hand():
    targets, sources = tf.Variable(TARGETS), tf.Variable(SOURCES)
    with tf.GradientTape() as tape:
        products = edge_products(Adjacency(MATRIX), targets, sources)
        loss = tf.reduce_sum(products * [1.0, 10.0, 100.0])
    target_gradient, source_gradient = tape.gradient(loss, [targets, sources])
    # Target 0: 1 (0, 2) + 10 (5, 0); target 1: 100 (1, 1).
    np.testing.assert_array_equal(target_gradient, [[50, 2], [100, 100]])
    np.testing.assert_array_equal(
        source_gradient, [[300, 400], [1, 2], [10, 20]]
    )

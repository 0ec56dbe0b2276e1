import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from camgr_tf.layers.edge_sampling import EdgeSampling
from camgr_tf.layers.edge_sampling import sample_without_replacement
from camgr_tf.ops import sparse_matmul
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import tiny_dataset

INTERACTIONS = tiny_dataset().interactions


def dense(sampling):
    return tf.sparse.to_dense(sampling.adjacency().tensor).numpy()


def test_weights_count_the_kept_edges_alone():
    sampling = EdgeSampling(INTERACTIONS, num_edges=6, seed=1)
    for epoch in range(5):
        sampling.draw(epoch)
        matrix = dense(sampling)
        kept = matrix > 0
        assert kept.sum() == 12
        np.testing.assert_array_equal(matrix, matrix.T)
        places = np.argwhere(kept[:7, 7:])
        assert {tuple(place) for place in places} <= set(TINY_TRAIN)
        degrees = kept.sum(axis=1)
        for user, item in places:
            assert matrix[user, 7 + item] == pytest.approx(
                1 / np.sqrt(degrees[user] * degrees[7 + item])
            )


def test_an_epoch_has_one_graph_and_the_next_another():
    sampling = EdgeSampling(INTERACTIONS, num_edges=8, seed=3)
    graphs = []
    for epoch in (0, 1, 2, 1):
        sampling.draw(epoch)
        graphs.append(dense(sampling))
    assert not np.array_equal(graphs[0], graphs[1])
    assert not np.array_equal(graphs[1], graphs[2])
    np.testing.assert_array_equal(graphs[1], graphs[3])
    # Another object starts with epoch 0, another seed with another graph.
    again = EdgeSampling(INTERACTIONS, num_edges=8, seed=3)
    np.testing.assert_array_equal(dense(again), graphs[0])
    other = EdgeSampling(INTERACTIONS, num_edges=8, seed=4)
    assert not np.array_equal(dense(other), graphs[0])


def test_edges_are_drawn_one_after_another_without_putting_back():
    # Of three edges with the weights 2, 1, 1 two are drawn: the first is
    # left out in 1/4 * 2/3 of all cases.
    rng = np.random.default_rng(0)
    log_weights = np.log([2.0, 1.0, 1.0])
    kept = np.zeros(3)
    for _ in range(10_000):
        kept[sample_without_replacement(log_weights, 2, rng)] += 1
    # The largest standard deviation is 0.005.
    np.testing.assert_allclose(
        kept / 10_000, [5 / 6, 7 / 12, 7 / 12], atol=0.02
    )


def test_weights_of_the_draw_by_hand():
    sampling = EdgeSampling(INTERACTIONS, num_edges=2)
    # Users 0 and 5 have 3 items, items 0 and 7 two users.
    weights = np.exp(sampling.log_weights)
    assert weights[TINY_TRAIN.index((0, 0))] == pytest.approx(6**-0.5)
    assert weights[TINY_TRAIN.index((1, 1))] == pytest.approx(6**-0.5)
    assert weights[TINY_TRAIN.index((2, 3))] == pytest.approx(8**-0.5)


def test_a_compiled_product_sees_the_epochs_graph_and_its_gradient():
    sampling = EdgeSampling(INTERACTIONS, num_edges=7)
    states = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    upstream = np.random.default_rng(1).normal(size=(16, 3)).astype("float32")

    @tf.function
    def product(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = sparse_matmul(sampling.adjacency(), x)
            loss = tf.reduce_sum(result * upstream)
        return result, tape.gradient(loss, x)

    for epoch in (0, 5):
        sampling.draw(epoch)
        matrix = dense(sampling)
        result, gradient = product(ops.convert_to_tensor(states))
        np.testing.assert_allclose(result, matrix @ states, atol=1e-5)
        np.testing.assert_allclose(gradient, matrix.T @ upstream, atol=1e-5)
    assert product.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("num_edges", [0, 18])
def test_a_number_that_is_not_there_is_refused(num_edges):
    with pytest.raises(ValueError, match=f"in 1..17.*num_edges={num_edges}"):
        EdgeSampling(INTERACTIONS, num_edges=num_edges)

import dataclasses

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.graphs.bipartite import bipartite_adjacency
from camgr_tf.graphs.bipartite import bipartite_matrix
from camgr_tf.graphs.bipartite import interaction_matrix
from camgr_tf.graphs.bipartite import item_user_adjacency
from camgr_tf.graphs.bipartite import row_normalize
from camgr_tf.graphs.bipartite import symmetric_normalize
from camgr_tf.graphs.bipartite import user_item_adjacency
from camgr_tf.testing import tiny_dataset

# Two users, three items: user 0 bought 0 and 1, user 1 bought 1; nobody 2.
TRAIN = np.array([[0, 0], [0, 1], [1, 1]], "int32")


def _interactions():
    return dataclasses.replace(
        tiny_dataset().interactions,
        num_users=2,
        num_items=3,
        train=TRAIN,
        validation=TRAIN[:0],
        test=TRAIN[:0],
    )


def _dense(adjacency):
    return tf.sparse.to_dense(adjacency.tensor).numpy()


def test_interaction_matrix():
    matrix = interaction_matrix(_interactions())
    assert matrix.toarray().tolist() == [[1, 1, 0], [0, 1, 0]]


def test_bipartite_matrix_has_users_first():
    matrix = bipartite_matrix(_interactions()).toarray()
    assert matrix.tolist() == [
        [0, 0, 1, 1, 0],
        [0, 0, 0, 1, 0],
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    looped = bipartite_matrix(_interactions(), self_loops=True)
    np.testing.assert_array_equal(looped.toarray(), matrix + np.eye(5))


def test_symmetric_adjacency_by_hand():
    # Degrees: users 2, 1; items 1, 2, 0.
    half, root = 0.5, 1 / np.sqrt(2)
    adjacency = bipartite_adjacency(_interactions())
    np.testing.assert_allclose(
        _dense(adjacency),
        [
            [0, 0, root, half, 0],
            [0, 0, 0, root, 0],
            [root, 0, 0, 0, 0],
            [half, root, 0, 0, 0],
            [0, 0, 0, 0, 0],
        ],
        rtol=1e-6,
    )


def test_row_adjacency_with_self_loops_by_hand():
    adjacency = bipartite_adjacency(_interactions(), "row", self_loops=True)
    third = 1 / 3
    np.testing.assert_allclose(
        _dense(adjacency),
        [
            [third, 0, third, third, 0],
            [0, 0.5, 0, 0.5, 0],
            [0.5, 0, 0.5, 0, 0],
            [third, third, 0, third, 0],
            [0, 0, 0, 0, 1],
        ],
        rtol=1e-6,
    )


def test_means_of_items_and_of_users():
    users = user_item_adjacency(_interactions())
    np.testing.assert_allclose(_dense(users), [[0.5, 0.5, 0], [0, 1, 0]])
    items = item_user_adjacency(_interactions())
    # Item 2 has no users: zeros.
    np.testing.assert_allclose(_dense(items), [[1, 0], [0.5, 0.5], [0, 0]])


def test_symmetric_blocks_are_those_of_the_whole_graph():
    interactions = tiny_dataset().interactions
    whole = _dense(bipartite_adjacency(interactions))
    users = _dense(user_item_adjacency(interactions, "symmetric"))
    items = _dense(item_user_adjacency(interactions, "symmetric"))
    np.testing.assert_allclose(users, whole[:7, 7:], rtol=1e-6)
    np.testing.assert_allclose(items, whole[7:, :7], rtol=1e-6)


def test_normalizations_equal_dense_algebra():
    matrix = scipy.sparse.random_array(
        (15, 9), density=0.5, rng=np.random.default_rng(3), format="lil"
    )
    matrix[4] = 0
    dense = matrix.toarray()
    rows, columns = dense.sum(axis=1), dense.sum(axis=0)
    rows[4] = 1
    np.testing.assert_allclose(
        row_normalize(matrix).toarray(), dense / rows[:, None]
    )
    np.testing.assert_allclose(
        symmetric_normalize(matrix).toarray(),
        dense / np.sqrt(np.outer(rows, columns)),
    )


@pytest.mark.parametrize(
    "build", [bipartite_adjacency, user_item_adjacency, item_user_adjacency]
)
def test_refuses_an_unknown_normalization(build):
    message = (
        r"`normalization` must be one of \['row', 'symmetric'\]. "
        "Received: normalization='rows'"
    )
    with pytest.raises(ValueError, match=message):
        build(_interactions(), normalization="rows")

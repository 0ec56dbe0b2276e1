import numpy as np
import tensorflow as tf

from camgr_tf.graphs.interaction_graphs import InteractionGraphs
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import tiny_dataset


def dense(adjacency):
    return tf.sparse.to_dense(adjacency.tensor).numpy()


def test_a_left_out_pair_is_gone_in_all_graphs_and_both_directions():
    graphs = InteractionGraphs.build(tiny_dataset().interactions, "symmetric")
    without = graphs.without(tf.constant([2]), tf.constant([4]))
    for before, after, places in (
        (graphs.user_items, without.user_items, [(2, 4)]),
        (graphs.nodes, without.nodes, [(2, 7 + 4), (7 + 4, 2)]),
    ):
        expected = dense(before)
        for place in places:
            assert expected[place] > 0
            expected[place] = 0
        np.testing.assert_array_equal(dense(after), expected)
    assert not dense(without.item_users)[4, 2]


def test_without_a_pair_a_mean_is_over_the_others():
    graphs = InteractionGraphs.build(tiny_dataset().interactions, "row")
    without = graphs.without(tf.constant([1]), tf.constant([1]))
    # User 1 has bought items 1 and 3; item 1 was bought by users 0, 1, 5.
    np.testing.assert_allclose(
        dense(without.user_items)[1], [0, 0, 0, 1, 0, 0, 0, 0, 0]
    )
    np.testing.assert_allclose(
        dense(without.item_users)[1], [0.5, 0, 0, 0, 0, 0.5, 0]
    )
    np.testing.assert_array_equal(
        dense(without.user_items)[0], dense(graphs.user_items)[0]
    )


def test_means_are_over_the_training_pairs():
    graphs = InteractionGraphs.build(tiny_dataset().interactions, "row")
    # User 1 has bought items 1 and 3; item 1 was bought by users 0, 1, 5.
    assert [item for user, item in TINY_TRAIN if user == 1] == [1, 3]
    np.testing.assert_allclose(
        dense(graphs.user_items)[1], [0, 0.5, 0, 0.5, 0, 0, 0, 0, 0]
    )
    np.testing.assert_allclose(
        dense(graphs.item_users)[1], [1 / 3, 1 / 3, 0, 0, 0, 1 / 3, 0]
    )
    assert not dense(graphs.user_items)[6].any()  # nothing bought

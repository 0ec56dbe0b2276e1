import numpy as np

from camgr_tf.models.fold_in import Baskets


def test_weights_by_hand():
    # Items 0, 1, 2 have 4, 0 and 1 users; no user counts as one.
    baskets = Baskets([[2, 0, 2], [1]], np.array([4, 0, 1]))
    assert baskets.counts.tolist() == [2.0, 1.0]
    np.testing.assert_allclose(
        baskets.mean.toarray(), [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    )
    np.testing.assert_allclose(
        baskets.symmetric.toarray(),
        [[1 / np.sqrt(8), 0.0, 1 / np.sqrt(2)], [0.0, 1.0, 0.0]],
        rtol=1e-6,
    )


def test_edges_of_the_graph_run_from_items_to_baskets_only():
    adjacency = Baskets([[2, 0]], np.array([4, 0, 1])).adjacency()
    assert adjacency.shape == (4, 4)
    assert adjacency.targets.numpy().tolist() == [3, 3]
    assert adjacency.sources.numpy().tolist() == [0, 2]
    assert adjacency.source_degrees.numpy().tolist() == [4, 1, 1, 1]
    assert adjacency.target_degrees.numpy().tolist() == [0, 0, 0, 2]

import numpy as np
import scipy.stats

from camgr_tf.subgraphs.sampled_edges import sample_edges

# Degrees 3, 0, 1 and 6.
INDPTR = np.array([0, 3, 3, 4, 10])


def test_a_node_of_few_edges_keeps_them_all():
    rng = np.random.default_rng(0)
    places, owners = sample_edges(INDPTR, np.array([2, 1, 0]), 3, rng)
    assert sorted(places) == [0, 1, 2, 3]
    assert owners.tolist() == [0, 2, 2, 2]


def test_edges_of_a_node_are_its_own_and_different():
    rng = np.random.default_rng(0)
    for _ in range(50):
        places, owners = sample_edges(INDPTR, np.array([3, 0]), 2, rng)
        assert owners.tolist() == [0, 0, 1, 1]
        assert len(set(places.tolist())) == 4
        assert (places[:2] >= 4).all() and (places[2:] < 3).all()


def test_no_nodes_and_no_edges():
    rng = np.random.default_rng(0)
    for nodes in (np.array([], int), np.array([1, 1])):
        places, owners = sample_edges(INDPTR, nodes, 2, rng)
        assert len(places) == len(owners) == 0


def test_every_pair_of_edges_is_drawn_alike():
    rng = np.random.default_rng(0)
    # Ten thousand nodes of five edges each.
    indptr = np.arange(0, 50_001, 5)
    places, owners = sample_edges(indptr, np.arange(10_000), 2, rng)
    pairs = np.sort((places - 5 * owners).reshape(-1, 2), axis=1)
    _, counts = np.unique(pairs, axis=0, return_counts=True)
    assert len(counts) == 10
    assert scipy.stats.chisquare(counts).pvalue > 0.001


def test_the_same_generator_draws_the_same():
    draws = [
        sample_edges(INDPTR, np.array([3]), 3, np.random.default_rng(seed))[0]
        for seed in (5, 5)
    ]
    assert draws[0].tolist() == draws[1].tolist()

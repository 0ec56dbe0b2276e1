import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import interaction_matrix
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.ops import Adjacency
from camgr_tf.subgraphs.subgraph_sampler import AskedGraph
from camgr_tf.subgraphs.subgraph_sampler import SubgraphSampler
from camgr_tf.testing import tiny_dataset

INTERACTIONS = tiny_dataset().interactions
NODES = bipartite_adjacency(INTERACTIONS)
# Item 0 is similar to items 3 and 8, all others to themselves alone.
SIMILAR = scipy.sparse.eye(9, format="lil")
SIMILAR[0] = [0, 0, 0, 0.75, 0, 0, 0, 0, 0.25]


def nodes_of(drawn):
    return set(drawn["user_ids"]) | {7 + i for i in drawn["item_ids"]}


def dense(drawn, number, size):
    """The graph as a matrix over the nodes of the whole one."""
    ids = {
        "users": drawn["user_ids"],
        "items": drawn["item_ids"],
        "nodes": np.concatenate([drawn["user_ids"], drawn["item_ids"] + 7]),
    }
    edges = drawn["graphs"][str(number)]
    targets = ids[size[0]][edges["targets"]]
    sources = ids[size[1]][edges["sources"]]
    counts = {"users": 7, "items": 9, "nodes": 16}
    matrix = np.zeros([counts[end] for end in size])
    matrix[targets, sources] = edges["values"]
    return matrix


@pytest.mark.parametrize("num_hops", [0, 1, 2, 3])
def test_nodes_are_those_within_so_many_hops(num_hops):
    graphs = [AskedGraph(NODES, "nodes", num_hops)]
    drawn = SubgraphSampler(graphs, 7, (100,)).draw(
        np.array([4, 4]), np.random.default_rng(0)
    )
    joined = NODES.matrix.toarray() > 0
    within = np.arange(16) == 4
    for _ in range(num_hops):
        within = within | joined[within].any(axis=0)
    assert nodes_of(drawn) == set(np.flatnonzero(within))


def test_edges_are_of_the_graph_and_scaled_by_the_share_that_is_kept():
    items = user_item_adjacency(INTERACTIONS)
    graphs = [AskedGraph(NODES, "nodes", 2), AskedGraph(items, "user_items", 2)]
    sampler = SubgraphSampler(graphs, 7, (2,))
    whole = NODES.matrix.toarray()
    means = items.matrix.toarray()
    total = 0
    for seed in range(400):
        drawn = sampler.draw(np.array([2]), np.random.default_rng(seed))
        got = dense(drawn, 0, ("nodes", "nodes"))
        # User 2 has four items: two are kept, and count twice.
        assert np.count_nonzero(got[2]) == 2
        np.testing.assert_allclose(got[2][got[2] > 0], 2 * whole[2][got[2] > 0])
        assert not got[(whole == 0)].any()
        # Both graphs have the same edges.
        users = dense(drawn, 1, ("users", "items"))
        np.testing.assert_array_equal(users > 0, got[:7, 7:] > 0)
        np.testing.assert_allclose(users[2].sum(), 1.0, rtol=1e-6)
        total = total + users[2]
    np.testing.assert_allclose(total / 400, means[2], atol=0.05)


def test_all_subgraphs_of_a_user_are_drawn_alike():
    sampler = SubgraphSampler([AskedGraph(NODES, "nodes", 1)], 7, (2,))
    rng = np.random.default_rng(0)
    drawn = [
        tuple(sampler.draw(np.array([2]), rng)["item_ids"]) for _ in range(1200)
    ]
    kinds, counts = np.unique(drawn, axis=0, return_counts=True)
    # Two of the four items of user 2.
    own = INTERACTIONS.train[INTERACTIONS.train[:, 0] == 2, 1]
    assert len(kinds) == 6 and set(kinds.ravel()) == set(own)
    assert scipy.stats.chisquare(counts).pvalue > 0.001


def test_edges_are_in_the_order_that_an_adjacency_has():
    sampler = SubgraphSampler([AskedGraph(NODES, "nodes", 3)], 7, (2, 1))
    drawn = sampler.draw(np.array([0, 3, 9]), np.random.default_rng(1))
    edges = drawn["graphs"]["0"]
    keys = edges["targets"] * 100 + edges["sources"]
    assert (np.diff(keys) > 0).all()
    turned = edges["sources"] * 100 + edges["targets"]
    assert (np.diff(turned[edges["permutation"]]) > 0).all()


def test_similar_items_bring_their_users_where_a_graph_asks_for_them():
    similar = Adjacency(SIMILAR)
    users = Adjacency(interaction_matrix(INTERACTIONS).T)
    graphs = [
        AskedGraph(NODES, "nodes", 0),
        AskedGraph(similar, "similar", 1),
    ]
    rng = np.random.default_rng(0)
    seeds = np.array([7 + 0])
    alone = SubgraphSampler(graphs, 7, (100,)).draw(seeds, rng)
    assert nodes_of(alone) == {7 + 0, 7 + 3, 7 + 8}
    graphs.append(AskedGraph(users, "item_users", 2))
    drawn = SubgraphSampler(graphs, 7, (100,)).draw(seeds, rng)
    # Users 1 and 2 have item 3, nobody has item 8.
    assert nodes_of(drawn) == {1, 2, 7 + 0, 7 + 3, 7 + 8}
    got = dense(drawn, 2, ("items", "users"))
    assert np.argwhere(got).tolist() == [[3, 1], [3, 2]]


def test_the_same_generator_draws_the_same():
    sampler = SubgraphSampler([AskedGraph(NODES, "nodes", 2)], 7, (1, 1))
    first, other, again = (
        sampler.draw(np.arange(7), np.random.default_rng(seed))
        for seed in (1, 2, 1)
    )
    key = first["graphs"]["0"]["sources"].tolist()
    assert again["graphs"]["0"]["sources"].tolist() == key
    assert other["graphs"]["0"]["sources"].tolist() != key


def test_graphs_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="needs a graph of all nodes"):
        SubgraphSampler([], 7, (1,))
    loops = bipartite_adjacency(INTERACTIONS, self_loops=True)
    graphs = [AskedGraph(NODES, "nodes", 1), AskedGraph(loops, "nodes", 1)]
    with pytest.raises(ValueError, match="must have 34 edges.*Received: 50"):
        SubgraphSampler(graphs, 7, (1,))

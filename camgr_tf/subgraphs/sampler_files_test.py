import mmap

import numpy as np
import pytest
import scipy.sparse

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.ops import Adjacency
from camgr_tf.subgraphs.sampler_files import open_sampler
from camgr_tf.subgraphs.sampler_files import save_sampler
from camgr_tf.subgraphs.subgraph_sampler import AskedGraph
from camgr_tf.subgraphs.subgraph_sampler import SubgraphSampler
from camgr_tf.testing import tiny_dataset

INTERACTIONS = tiny_dataset().interactions


def make_sampler():
    """Of 7 users and 9 items, with graphs of three kinds."""
    ring = scipy.sparse.eye_array(9, k=1) + scipy.sparse.eye_array(9, k=-8)
    graphs = [
        AskedGraph(user_item_adjacency(INTERACTIONS), "user_items", 2),
        AskedGraph(bipartite_adjacency(INTERACTIONS), "nodes", 2),
        AskedGraph(Adjacency(ring), "similar", 1),
    ]
    return SubgraphSampler(graphs, 7, (2, 1))


def arrays(subgraph):
    """All arrays of a subgraph, by their names."""
    found = {name: subgraph[name] for name in ("user_ids", "item_ids")}
    for number, edges in subgraph["graphs"].items():
        found |= {f"{number} {name}": edges[name] for name in edges}
    return found


def check_equal(subgraph, other):
    found, wanted = arrays(subgraph), arrays(other)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("seed", range(5))
def test_a_mapped_sampler_draws_the_same(tmp_path, seed):
    sampler = make_sampler()
    save_sampler(tmp_path, sampler)
    mapped = open_sampler(tmp_path)
    for part in ("data", "indices", "indptr"):
        array = getattr(mapped.pairs, part)
        while isinstance(array.base, np.ndarray):
            array = array.base
        assert isinstance(array.base, mmap.mmap)
    seeds = np.array([0, 4, 7 + 2])
    check_equal(
        mapped.draw(seeds, np.random.default_rng(seed)),
        sampler.draw(seeds, np.random.default_rng(seed)),
    )

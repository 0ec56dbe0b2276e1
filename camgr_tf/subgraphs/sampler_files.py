"""A sampler's graphs in files that many processes map."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse

from camgr_tf.subgraphs.subgraph_sampler import AskedGraph
from camgr_tf.subgraphs.subgraph_sampler import SubgraphSampler

_PARTS = ("data", "indices", "indptr")


def save_sampler(folder, sampler):
    """Writes what `open_sampler` maps.

    Args:
        folder: Path of an empty folder.
        sampler: `SubgraphSampler`.
    """
    folder = Path(folder)
    for number, graph in enumerate(sampler.graphs):
        for part in _PARTS:
            path = _part_path(folder, number, part)
            np.save(path, getattr(graph.adjacency.matrix, part))
    description = {
        "num_users": sampler.num_users,
        "fanouts": sampler.fanouts,
        "graphs": [
            [graph.kind, graph.num_hops, graph.adjacency.matrix.shape]
            for graph in sampler.graphs
        ],
    }
    (folder / "sampler.json").write_text(json.dumps(description))


def open_sampler(folder):
    """Maps a sampler that was written; it draws what that one draws.

    Args:
        folder: Path, as of `save_sampler`.

    Returns:
        `SubgraphSampler`, of which a process holds the pages that it read
        and five bytes a node.
    """
    folder = Path(folder)
    description = json.loads((folder / "sampler.json").read_text())
    graphs = []
    for number, (kind, hops, shape) in enumerate(description["graphs"]):
        parts = [
            np.load(_part_path(folder, number, part), mmap_mode="r")
            for part in _PARTS
        ]
        matrix = scipy.sparse.csr_matrix(tuple(parts), tuple(shape), copy=False)
        graphs.append(AskedGraph(_MappedAdjacency(matrix), kind, hops))
    return SubgraphSampler(
        graphs, description["num_users"], description["fanouts"]
    )


class _MappedAdjacency(NamedTuple):
    matrix: scipy.sparse.csr_matrix

    @property
    def num_edges(self):
        return self.matrix.nnz


def _part_path(folder, number, part):
    return folder / f"graph-{number}-{part}.npy"

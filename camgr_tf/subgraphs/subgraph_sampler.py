from typing import NamedTuple

import numpy as np

from camgr_tf.distinct import distinct
from camgr_tf.subgraphs.sampled_edges import sample_edges

# Targets and sources of a graph of each kind.
GRAPH_ENDS = {
    "nodes": ("nodes", "nodes"),
    "user_items": ("users", "items"),
    "item_users": ("items", "users"),
    "similar": ("items", "items"),
}


class AskedGraph(NamedTuple):
    """A graph that a model reads, and how far from the seeds it reads it.

    Attributes:
        adjacency: `Adjacency` of the whole graph, or what has its `matrix`
            and `num_edges`.
        kind: String, key of `GRAPH_ENDS`.
        num_hops: Integer. Its targets lie fewer than so many hops from the
            rows that the loss is of; along the user-item graph, that is.
            Those of `"item_users"` lie behind the similar items.
    """

    adjacency: object
    kind: str
    num_hops: int


class SubgraphSampler:
    """Draws the nodes and edges that a model reads for some seeds.

    From the seeds on, each node takes a fixed number of its neighbors on the
    user-item graph, once, at the hop at which it is first reached; so do
    items on the graphs of similar items, and these items, where a graph of
    kind `"item_users"` asks for it, once more on the user-item graph. All
    graphs of users and items share these edges.

    An edge's weight is that of the whole graph, times the degree of its
    target over the number of edges that the target kept: each sum over
    neighbors is met in expectation, and met exactly where all are kept.

    Args:
        graphs: List of `AskedGraph`, one of them of kind `"nodes"`.
        num_users: Integer.
        fanouts: Tuple of integers, the neighbors a node takes at the first,
            the second, ... hop; the last holds for all hops behind.

    Raises:
        ValueError: If there is no graph of kind `"nodes"`, or one of users
            and items has other edges than that.
    """

    def __init__(self, graphs, num_users, fanouts):
        self.graphs = list(graphs)
        self.num_users = num_users
        self.fanouts = tuple(fanouts)
        wholes = [g for g in self.graphs if g.kind == "nodes"]
        if not wholes:
            raise ValueError(
                "A model needs a graph of all nodes for sampling. Received: "
                f"{[g.kind for g in self.graphs]}"
            )
        self.pairs = wholes[0].adjacency.matrix
        self.num_pairs = int(self.pairs.indptr[num_users])
        self.depth = self._hops("nodes", "user_items")
        self.item_depth = self._hops("similar")
        for graph in self.graphs:
            self._check(graph)
        # Places of nodes in the subgraph; only those of the last one count.
        self._places = np.zeros(self.pairs.shape[0], "int32")
        self._reached = np.zeros(self.pairs.shape[0], bool)

    def draw(self, seeds, rng):
        """The subgraph around some nodes.

        Args:
            seeds: Integer array of nodes, users first.
            rng: `numpy.random.Generator`.

        Returns:
            Dictionary of `"user_ids"` and `"item_ids"`, the nodes that it
            has, sorted; and `"graphs"`, a dictionary from `"0"`, `"1"`, ...
            to `targets`, `sources`, `values` and `permutation` as
            `Adjacency.from_edges` takes them, numbered within it.
        """
        shells = [self._new(seeds)]
        # Of no node: with no hop there is no edge.
        pairs = [self._expand(self.pairs, shells[0][:0], 0, rng)]
        for hop in range(self.depth):
            pairs.append(self._expand(self.pairs, shells[-1], hop, rng))
            shells.append(self._new(self.pairs.indices[pairs[-1].places]))
        similar = [[] for _ in self.graphs]
        for hop, shell in enumerate(shells[: self.item_depth]):
            items = shell[shell >= self.num_users] - self.num_users
            for edges, graph in zip(similar, self.graphs):
                if graph.kind == "similar" and hop < graph.num_hops:
                    matrix = graph.adjacency.matrix
                    edges.append(self._expand(matrix, items, hop, rng))
        for hop in range(self.item_depth):
            met = [
                graph.adjacency.matrix.indices[edges[hop].places]
                for edges, graph in zip(similar, self.graphs)
                if hop < len(edges)
            ]
            met = distinct(np.concatenate(met)) + self.num_users
            shells.append(self._new(met))
            if any(graph.kind == "item_users" for graph in self.graphs):
                known = np.concatenate([edges.nodes for edges in pairs])
                left = np.setdiff1d(met, known, assume_unique=True)
                pairs.append(self._expand(self.pairs, left, hop + 1, rng))
                shells.append(self._new(self.pairs.indices[pairs[-1].places]))
        nodes = np.sort(np.concatenate(shells))
        # Of these alone: a step must not cost what all nodes cost.
        self._reached[nodes] = False
        return self._number(nodes, _joined(pairs), map(_joined, similar))

    def _hops(self, *kinds):
        return max([g.num_hops for g in self.graphs if g.kind in kinds] + [0])

    def _new(self, nodes):
        """Those that are reached for the first time, each once, sorted."""
        nodes = distinct(nodes[~self._reached[nodes]])
        self._reached[nodes] = True
        return nodes

    def _expand(self, matrix, nodes, hop, rng):
        fanout = self.fanouts[min(hop, len(self.fanouts) - 1)]
        places, owners = sample_edges(matrix.indptr, nodes, fanout, rng)
        degrees = matrix.indptr[nodes + 1] - matrix.indptr[nodes]
        scales = degrees / np.clip(degrees, 1, fanout)
        return _Edges(nodes, places, nodes[owners], scales[owners])

    def _number(self, nodes, pairs, similar):
        num_users = np.searchsorted(nodes, self.num_users)
        self._places[nodes] = np.arange(len(nodes))
        targets = self._places[pairs.targets]
        sources = self._places[self.pairs.indices[pairs.places]]
        of_users = targets < num_users
        graphs = {}
        for number, (graph, edges) in enumerate(zip(self.graphs, similar)):
            weights = graph.adjacency.matrix.data
            if graph.kind == "nodes":
                values = weights[pairs.places] * pairs.scales
                ends = targets, sources
            elif graph.kind == "user_items":
                values = weights[pairs.places[of_users]]
                values = values * pairs.scales[of_users]
                ends = targets[of_users], sources[of_users] - num_users
            elif graph.kind == "item_users":
                values = weights[pairs.places[~of_users] - self.num_pairs]
                values = values * pairs.scales[~of_users]
                ends = targets[~of_users] - num_users, sources[~of_users]
            else:
                values = weights[edges.places] * edges.scales
                indices = graph.adjacency.matrix.indices[edges.places]
                ends = [
                    self._places[items + self.num_users] - num_users
                    for items in (edges.targets, indices)
                ]
            graphs[str(number)] = {
                "targets": ends[0].astype("int32"),
                "sources": ends[1].astype("int32"),
                "values": values.astype("float32"),
                "permutation": np.argsort(ends[1], kind="stable").astype(
                    "int32"
                ),
            }
        return {
            "user_ids": nodes[:num_users].astype("int32"),
            "item_ids": (nodes[num_users:] - self.num_users).astype("int32"),
            "graphs": graphs,
        }

    def _check(self, graph):
        num_pairs = {
            "nodes": 2 * self.num_pairs,
            "user_items": self.num_pairs,
            "item_users": self.num_pairs,
        }.get(graph.kind)
        if num_pairs not in (None, graph.adjacency.num_edges):
            raise ValueError(
                f"A graph of kind {graph.kind!r} must have {num_pairs} edges, "
                "those of the training interactions. Received: "
                f"{graph.adjacency.num_edges}"
            )


class _Edges(NamedTuple):
    """Edges of a matrix: who asked, where they stand, their target's scale."""

    nodes: np.ndarray
    places: np.ndarray
    targets: np.ndarray
    scales: np.ndarray


def _joined(edges):
    """All in the order of the matrix, by target, then by source."""
    if not edges:
        return None
    joined = [np.concatenate(parts) for parts in zip(*edges)]
    order = np.argsort(joined[1])
    return _Edges(joined[0], *(part[order] for part in joined[1:]))

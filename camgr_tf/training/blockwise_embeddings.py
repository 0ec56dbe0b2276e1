"""Embeddings of all nodes in blocks of nodes, layer by layer."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse
import tensorflow as tf

from camgr_tf.models.subgraph import GRAPH_ENDS
from camgr_tf.ops.sparse import DeferredProduct

# Nodes of a block. A CAmgr of two modalities needs some 20 rows of 64 floats
# a node while it fuses: 320 MB.
BLOCK_SIZE = 65_536


def blockwise_embeddings(model, block_size=BLOCK_SIZE):
    """What `model.embed()` gives, with bounded memory.

    Between two products of a graph and states, a model treats each node by
    itself. So `embed` runs on blocks of nodes up to its first product, whose
    states are collected; the product is found for all nodes in blocks of its
    targets; then `embed` runs on the blocks again, up to its second product,
    with the first one's rows at hand; and so on. States and products lie in
    mapped files of a temporary folder, `TMPDIR`; memory must hold the
    features and temporaries of one block, and the result.

    Args:
        model: `Recommender` with `samples_neighbors`.
        block_size: Integer. Nodes of a block. Defaults to `65536`.

    Returns:
        Tuple of float32 arrays `(num_users, dim)` and `(num_items, dim)`.

    Example:

    ```python
    from camgr_tf.baselines import LightGCN
    from camgr_tf.testing import tiny_dataset
    from camgr_tf.training.blockwise_embeddings import blockwise_embeddings

    users, items = blockwise_embeddings(LightGCN(tiny_dataset()), 4)
    ```
    """
    size = model.num_users, model.num_items
    num_blocks = -(-sum(size) // block_size)
    bounds = [
        np.linspace(0, count, num_blocks + 1).astype(int) for count in size
    ]
    with tempfile.TemporaryDirectory() as folder:
        products = []
        while True:
            blocks = (
                _Block(*map(tuple, ends), products, size[0])
                for ends in zip(*(zip(b[:-1], b[1:]) for b in bounds))
            )
            path = Path(folder) / f"product_{len(products)}"
            result = _pass(model, blocks, size, path)
            if not isinstance(result, _Sources):
                return result
            products.append(_product(*result, block_size, path))


class _Graph(DeferredProduct):
    """A graph whose products are looked up."""

    def __init__(self, block, adjacency, kind):
        self.block = block
        self.matrix = adjacency.matrix
        self.targets, self.sources = GRAPH_ENDS[kind]

    def product(self, states):
        block = self.block
        if block.num_products == len(block.products):
            block.wanted = self, np.asarray(states)
            raise LookupError("A product that is not known yet ends a pass.")
        known = block.products[block.num_products]
        block.num_products += 1
        return tf.constant(block.rows(known, self.targets))


class _Block:
    """Some users and items, and the products that are known already."""

    def __init__(self, users, items, products, num_users):
        self.ends = {"users": users, "items": items}
        self.products = products
        # Where the items stand among all nodes.
        self.first_item = num_users
        self.num_users = users[1] - users[0]
        self.num_items = items[1] - items[0]
        self.num_products = 0
        # The first graph whose product is not known, and its states here.
        self.wanted = None

    def places(self, end):
        """Slices of an array of all `"nodes"`, `"users"` or `"items"`."""
        if end != "nodes":
            return [slice(*self.ends[end])]
        items = [place + self.first_item for place in self.ends["items"]]
        return [slice(*self.ends["users"]), slice(*items)]

    def rows(self, array, end):
        return np.concatenate([array[p] for p in self.places(end)])

    def users(self, table):
        return tf.gather(table.value, tf.range(*self.ends["users"]))

    def items(self, table):
        return tf.gather(table.value, tf.range(*self.ends["items"]))

    def item_features(self, features):
        rows = slice(*self.ends["items"])
        return {m: tf.constant(f[rows], "float32") for m, f in features.items()}

    def graph(self, adjacency, kind, num_hops):
        return _Graph(self, adjacency, kind)


class _Sources(NamedTuple):
    """The states of all sources of a graph."""

    matrix: scipy.sparse.csr_matrix
    states: np.ndarray


def _pass(model, blocks, size, path):
    """`embed` of all blocks: the result, or what stops it."""
    graph = arrays = None
    for block in blocks:
        try:
            states = model.on_subgraph(block).embed()
            ends = "users", "items"
        except Exception:  # a Keras layer makes it another one
            if block.wanted is None:
                raise
            graph, states = block.wanted[0], block.wanted[1:]
            ends = [graph.sources]
        if arrays is None:
            arrays = [
                np.empty((count, part.shape[1]), "float32")
                for count, part in zip(size, states)
            ]
            if graph is not None:
                shape = (graph.matrix.shape[1], states[0].shape[1])
                arrays = [_mapped(path.with_suffix(".sources"), shape)]
        for array, part, end in zip(arrays, states, ends):
            start = 0
            for place in block.places(end):
                count = place.stop - place.start
                array[place] = part[start : start + count]
                start += count
    return tuple(arrays) if graph is None else _Sources(graph.matrix, arrays[0])


def _product(matrix, states, block_size, path):
    """`matrix @ states`, some targets at a time."""
    result = _mapped(path, (matrix.shape[0], states.shape[1]))
    for start in range(0, matrix.shape[0], block_size):
        rows = slice(start, start + block_size)
        result[rows] = matrix[rows] @ states
    path.with_suffix(".sources").unlink()
    return result


def _mapped(path, shape):
    return np.memmap(path, "float32", "w+", shape=shape)

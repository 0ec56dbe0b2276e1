"""Graphs of users and items, and of similar items."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.graphs.bipartite import bipartite_adjacency
from camgr_tf.graphs.bipartite import bipartite_matrix
from camgr_tf.graphs.bipartite import interaction_matrix
from camgr_tf.graphs.bipartite import item_user_adjacency
from camgr_tf.graphs.bipartite import row_normalize
from camgr_tf.graphs.bipartite import symmetric_normalize
from camgr_tf.graphs.bipartite import user_item_adjacency
from camgr_tf.graphs.cache import cache_folder
from camgr_tf.graphs.interaction_graphs import InteractionGraphs
from camgr_tf.graphs.semantic import semantic_matrix
from camgr_tf.ranking.approximate_neighbors import approximate_neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors

__all__ = [
    "InteractionGraphs",
    "approximate_neighbors",
    "bipartite_adjacency",
    "bipartite_matrix",
    "cache_folder",
    "interaction_matrix",
    "item_user_adjacency",
    "nearest_neighbors",
    "row_normalize",
    "semantic_matrix",
    "symmetric_normalize",
    "user_item_adjacency",
]

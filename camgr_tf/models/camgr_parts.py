import functools

import tensorflow as tf
from keras import ops

from camgr_tf.graphs import InteractionGraphs
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.layers import MeanFusion
from camgr_tf.layers import ModalityPurification
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.models.camgr_fold_in import CAmgrFoldIn
from camgr_tf.models.subgraph import model_view
from camgr_tf.ops import Adjacency
from camgr_tf.ops import sparse_matmul


class CAmgrParts(CAmgrFoldIn):
    """The graphs and layers of `CAmgr`: what a reading may replace.

    Each method stands for a choice that the paper leaves open or that this
    package made otherwise; a reading is a subclass that overrides one.
    """

    @functools.cached_property
    def features(self):
        """Tensors `(num_items, width)` by modality, made at the first use."""
        with tf.init_scope():
            return {
                m: ops.convert_to_tensor(f)
                for m, f in self.feature_arrays.items()
            }

    def on_subgraph(self, part):
        graphs, num_hops = self.graphs, self.num_modal_layers + 1
        return model_view(
            self,
            num_users=part.num_users,
            num_items=part.num_items,
            user_table=part.users(self.user_table),
            item_table=part.items(self.item_table),
            features=part.item_features(self.feature_arrays),
            graphs=graphs._replace(
                nodes=part.graph(
                    graphs.nodes, "nodes", max(self.num_layers, num_hops)
                ),
                user_items=part.graph(
                    graphs.user_items, "user_items", num_hops
                ),
                item_users=part.graph(
                    graphs.item_users, "item_users", num_hops + 2
                ),
            ),
            item_graphs={
                m: part.graph(graph, "similar", num_hops + 1)
                for m, graph in self.item_graphs.items()
            },
        )

    def make_graphs(self, interactions):
        """Users and items: encoder (7), means (2-4, 14)."""
        return InteractionGraphs.build(interactions, "row")

    def make_item_graph(self, features):
        """The graph of similar items of a modality (10-12)."""
        k, cache = self.num_neighbors, cache_folder()
        return Adjacency(semantic_matrix(features, k, True, "row", cache))

    def make_tables(self):
        """ID embeddings of users and of items."""
        dim = self.embedding_dim
        return (
            self.table("user_embeddings", (self.num_users, dim)),
            self.table("item_embeddings", (self.num_items, dim)),
        )

    def make_purifier(self, modality):
        """The gate of a modality (1, 5, 6)."""
        return ModalityPurification(
            self.embedding_dim,
            seed=self.next_seed(),
            name=weight_name(f"purification_{modality}"),
        )

    def make_encoder(self):
        """Layers with weights of the encoder (7, 8): none here."""

    def convolve(self, layer, adjacency, states):
        """One layer of the encoder, with constant weights (7, 8)."""
        return sparse_matmul(adjacency, states)

    def make_fusion(self):
        """The layer in place of eq. 15-26."""
        return MeanFusion(learned=True, name="modality_mean")

    def training_graphs(self, user_ids, item_ids):
        """The graphs of a step, without the pairs that it is to predict."""
        return self.graphs.without(user_ids, item_ids)

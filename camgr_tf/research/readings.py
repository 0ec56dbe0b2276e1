"""CAmgr in other readings of the paper's equations, one class each.

All stand on `PairwiseRanking`, which ranks by the BPR of eq. 29 as printed.
The first line of a docstring says what differs from it, and the last what it
measured: validation Recall@20 on Amazon Baby, mean and standard deviation of
three seeds, or one seed where none is given; seeds differ by about .001.
"""

from keras import ops

from camgr_tf.graphs import InteractionGraphs
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.layers import MeanFusion
from camgr_tf.layers import ModalityPurification
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.losses import half_squared
from camgr_tf.losses import info_nce
from camgr_tf.losses import own_pair_contrast
from camgr_tf.losses import squared
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.models import CAmgrPaper
from camgr_tf.models.attention_encoder import AttentionEncoder
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.query_modality import query_modality
from camgr_tf.ops import Adjacency
from camgr_tf.research import attentions

# === Eq. 29: ranking ===


class PairwiseRanking(CAmgrAttention):
    """Eq. 29: BPR of a negative a row, as printed; all others stand on this.

    Measured: .1049 +- .0004.

    Example:

    >>> from camgr_tf.testing import tiny_batch, tiny_dataset
    >>> model = PairwiseRanking(tiny_dataset(), num_neighbors=4)
    >>> list(model.loss_terms(**tiny_batch()))
    ['bpr', 'info_nce', 'l2']
    """

    training_defaults = {
        "learning_rate": 0.002,
        "contrastive_weight": 0.01,
        "l2_weight": 1e-4,
    }

    def ranking(self, *rows):
        return {"bpr": self.bpr(*rows)}


# === Eq. 2-6: purification ===


class ItemPurification(PairwiseRanking):
    """Eq. 2-6: a gate multiplies the item's embedding alone.

    Measured: .1045 +- .0002.
    """

    def behavior(self, graphs):
        return ops.convert_to_tensor(self.item_table)


class WithoutPurification(PairwiseRanking):
    """Eq. 5, 6: no gate, the aligned features alone ("w/o IUD").

    Measured: .0934 +- .0003.
    """

    def make_purifier(self, modality):
        return ModalityPurification(
            self.embedding_dim,
            gated=False,
            seed=self.next_seed(),
            name=weight_name(f"purification_{modality}"),
        )


# === Eq. 7-9: encoder ===


class GraphAttentionEncoder(AttentionEncoder, PairwiseRanking):
    """Eq. 7, 8: graph attention with a matrix and a ReLU, as printed.

    Measured: .0601 +- .0032.
    """


class DegreeAttention(AttentionEncoder, PairwiseRanking):
    """Eq. 7, 8: attention times `sqrt(d_n / d_i)`, no matrix and no ReLU.

    Measured: .1039 +- .0012.
    """

    attention_arguments = {
        "scaling": "degree",
        "transform": False,
        "activation": None,
    }


class SelfLoops(PairwiseRanking):
    """Eq. 7: a node is among its own neighbors, as in the GAT paper.

    Measured: .1045.
    """

    def make_graphs(self, interactions):
        return InteractionGraphs.build(interactions, "row", self_loops=True)


# === Eq. 10-14: graphs of items and of users' items ===


class WithoutSelfNeighbor(PairwiseRanking):
    """Eq. 11: an item is not one of its own neighbors.

    Measured: .1029.
    """

    def make_item_graph(self, features):
        k, cache = self.num_neighbors, cache_folder()
        return Adjacency(semantic_matrix(features, k, False, "row", cache))


class SymmetricItemGraph(PairwiseRanking):
    """Eq. 12: the item graph is normalized by both degrees.

    Measured: .1054.
    """

    def make_item_graph(self, features):
        k, cache = self.num_neighbors, cache_folder()
        return Adjacency(semantic_matrix(features, k, True, "symmetric", cache))

    def new_item_rows(self, modality, features, neighbors):
        graph = self.item_graphs[modality]
        return neighbors.rows(modality, features, self.num_neighbors, graph)


class SymmetricUserMean(PairwiseRanking):
    """Eq. 14: division by the root of both degrees in place of the mean.

    Measured: .1027.
    """

    def make_graphs(self, interactions):
        return InteractionGraphs.build(interactions, "symmetric")

    def basket_means(self, baskets):
        return baskets.symmetric


class PairsKept(PairwiseRanking):
    """Training: the pairs to be predicted stay in all graphs.

    Measured: .0971 +- .0005.
    """

    def training_graphs(self, user_ids, item_ids):
        return self.graphs


class PairsKeptOutsideMean(PairwiseRanking):
    """Training: the pairs to be predicted leave the mean of eq. 14 alone.

    Measured: .1025.
    """

    def training_graphs(self, user_ids, item_ids):
        without = self.graphs.without(user_ids, item_ids)
        return self.graphs._replace(user_items=without.user_items)


class SymmetricPairsKept(PairsKept, SymmetricUserMean):
    """Eq. 14: root of both degrees, and all pairs stay in training.

    Measured: .0984.
    """


# === Eq. 15-26: fusion ===


class MeanOfModalities(PairwiseRanking):
    """Eq. 15-26: the plain mean of the modalities ("w/o CAFF").

    Measured: .1018 +- .0003.
    """

    fused_parts = CAmgr.fused_parts

    def make_fusion(self):
        return MeanFusion(name="modality_mean")


class LearnedMean(MeanOfModalities):
    """Eq. 15-26: a mean of the modalities with learned shares.

    Measured: .1043 +- .0003.
    """

    make_fusion = CAmgr.make_fusion


class EvenGates(PairwiseRanking):
    """Eq. 24, 25: both gates start open by half.

    Measured: .1046 +- .0008.
    """

    fusion_layer = attentions.EvenGates


class WithoutMLP(PairwiseRanking):
    """Eq. 20, 23: left out, `H_com = CR` and `H_dif = DR`.

    Measured: .1051.
    """

    fusion_layer = attentions.WithoutMLP


class DrawnStart(PairwiseRanking):
    """Eq. 20, 23-25: all matrices start Xavier-uniform.

    Measured: .0745 +- .0011.
    """

    fusion_layer = attentions.DrawnStart


class MeanQuery(PairwiseRanking):
    """Eq. 18: the modalities' mean is the query.

    Measured: .1051.
    """

    fusion_layer = attentions.MeanQuery


class CosineMeanQuery(PairwiseRanking):
    """Eq. 18: the modalities' mean is the query, with cosine logits.

    Measured: .1049.
    """

    fusion_layer = attentions.CosineMeanQuery


class Matrices(PairwiseRanking):
    """Eq. 15-17, 19, 22: matrices, which start as identities.

    Measured: .1035 +- .0003.
    """

    fusion_layer = attentions.MatrixFusion


class TwoSetsOfMatrices(PairwiseRanking):
    """Eq. 15-17: matrices, a set for each of the two branches.

    Measured: .1033.
    """

    fusion_layer = attentions.TwoSets


class TextQuery(PairwiseRanking):
    """Eq. 15-18: the text is the residual query; the others are the values.

    Measured: .1044 +- .0002.
    """

    fusion_layer = attentions.ModalityQuery
    query_modality = "text"

    def make_fusion(self):
        name = query_modality(self.modalities, self.query_modality)
        return super().make_fusion(query_index=self.modalities.index(name))


class ImageQuery(TextQuery):
    """Eq. 15-18: the image is the residual query; the others are the values.

    Measured: .0975.
    """

    query_modality = "image"


class MatricesTextQuery(TextQuery):
    """Eq. 15-18: matrices, and the text is the query.

    Measured: .1043.
    """

    fusion_layer = attentions.MatrixModalityQuery


class HeadAttention(PairwiseRanking):
    """Eq. 18: attention within a node, over groups of its channels.

    Measured: .1039.
    """

    fusion_layer = attentions.HeadAttention


class ZeroAttention(PairwiseRanking):
    """Eq. 18, 21: the attention is set to zero.

    Measured: .1039 +- .0003.
    """

    fusion_layer = attentions.ZeroAttention


class ZeroAttentionEvenGates(PairwiseRanking):
    """Eq. 18, 24: the attention is set to zero, both gates start even.

    Measured: .1047 +- .0005.
    """

    fusion_layer = attentions.ZeroAttentionEvenGates


class BatchAttention(PairwiseRanking):
    """Eq. 18: attention of nodes over the nodes of the batch.

    Measured: .1026.
    """

    fusion_layer = attentions.NodeAttention

    def fused_parts(self, nodes, modal):
        context = list(self.modal_states(self.graphs).values())
        return self.fusion.parts(nodes, modal, context)


class ChannelAttention(BatchAttention):
    """Eq. 18: attention over channels, the paper's layout.

    Measured: .1042 +- .0003.
    """

    fusion_layer = attentions.ChannelAttention

    def states(self, graphs, rows=None, training=False):
        nodes = self.encode(graphs, rows, training)
        states = self.modal_states(graphs, training=training).values()
        modal = context = list(states)
        if rows is not None:
            modal = [ops.take(s, rows, axis=0) for s in context]
        return nodes, self.fusion(nodes, modal, context, training=training)


class CosineChannelAttention(ChannelAttention):
    """Eq. 18: attention over channels with cosine logits.

    Measured: .1047.
    """

    fusion_layer = attentions.CosineChannelAttention


class ChannelAttentionEvenGates(ChannelAttention):
    """Eq. 18, 24: attention over channels, both gates start even.

    Measured: .1046 +- .0007.
    """

    fusion_layer = attentions.ChannelAttentionEvenGates


class NodeAttention(ChannelAttention):
    """Eq. 18: attention of nodes over all nodes.

    Measured: .1028; an epoch takes some twenty times the default's.
    """

    fusion_layer = attentions.NodeAttention


# === Eq. 30, 31: contrast and L2 ===


class PlainContrast(PairwiseRanking):
    """Eq. 30: plain products in place of cosines.

    Measured: .0906 +- .0011.
    """

    def contrast(self, fused, nodes, candidates):
        return info_nce(fused, nodes, self.temperature, False, candidates)


class ContrastOverAll(PairwiseRanking):
    """Eq. 30: the denominator has all users or all items, as printed.

    Measured: .1044 +- .0006; an epoch takes thrice the default's.
    """

    loss_terms = CAmgrPaper.loss_terms


class PlainContrastOverAll(PlainContrast, ContrastOverAll):
    """Eq. 30: plain products over all users or items.

    Measured: .0926 +- .0015.
    """


class OwnPairContrast(PairwiseRanking):
    """Eq. 30: each node paired with itself in the denominator, as printed.

    Measured: .0930 +- .0008.
    """

    def contrast(self, fused, nodes, candidates):
        return own_pair_contrast(fused, nodes, self.temperature, True)


class PlainOwnPairContrast(PairwiseRanking):
    """Eq. 30: each node paired with itself, plain products.

    Measured: .0854 +- .0009.
    """

    def contrast(self, fused, nodes, candidates):
        return own_pair_contrast(fused, nodes, self.temperature, False)


class L2OnWeights(PairwiseRanking):
    """Eq. 31: `w` are all weights of the model, as its text says.

    Measured: .0616 +- .0004.
    """

    def l2(self, rows, states):
        return squared([v.value for v in self.trainable_variables])


class L2OnEmbeddings(PairwiseRanking):
    """Eq. 31: `w` are the ID embeddings of the batch.

    Measured: .1050.
    """

    def l2(self, rows, states):
        embeddings = ops.take(id_states(self), rows, axis=0)
        return half_squared(embeddings, batch_size=self.batch_size)

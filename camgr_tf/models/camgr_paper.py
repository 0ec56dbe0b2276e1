from keras import ops

from camgr_tf.layers import CrossAttentionFusion
from camgr_tf.losses import info_nce
from camgr_tf.losses import squared
from camgr_tf.models.attention_encoder import AttentionEncoder
from camgr_tf.models.query_modality import query_modality


class CAmgrPaper(AttentionEncoder):
    """CAmgr as the paper prints it, the closest reading of each equation.

    ```
    H''_m = (H_i + mean of users) * sigmoid(gate(features_m))       (1-6)
    H_n   = mean over layers of graph attention                     (7-9)
    H_m   = semantic graph of m, then the mean of each user's items (10-14)
    H_f   = cross-attention fusion of the H_m, gated by H_n         (15-26)
    score = (H_n + H_f)_u . (H_n + H_f)_i                           (27, 28)
    loss  = BPR + a_1 contrast(H_f, H_n) + a_2 |all weights|^2      (29-31)
    ```

    All pairs stay in the graphs in training, the modal states end with eq.
    14, the contrast takes plain products over all users and all items, and
    all weights learn at one rate. Where eq. 30 pairs each node with itself in
    the denominator, cross pairs are taken, as in InfoNCE, which its text
    names. Attention is over all nodes, so that each step computes them all.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        num_layers: Integer, the `L` of eq. 9. Defaults to `2`.
        num_neighbors: Integer, the `K` of eq. 11. Defaults to `10`.
        query_modality: String, `H_t` of eq. 15; the others are keys and
            values. A single modality is its own, whatever is named. Defaults
            to `"text"`.
        contrastive_weight: Float, the `a_1` of eq. 31. Defaults to `0.01`.
        temperature: Float, that of eq. 30. Defaults to `0.2`.
        l2_weight: Float, the `a_2` of eq. 31. Defaults to `1e-4`.
        embedding_dim: Integer, the `d` of the paper. Defaults to `64`.
        seed: Integer. Of all initial values. Defaults to `0`.

    Raises:
        ValueError: For a `query_modality` that the data lack.

    Example:

    ```python
    from camgr_tf.models import CAmgrPaper
    from camgr_tf.testing import tiny_dataset

    model = CAmgrPaper(tiny_dataset(), num_neighbors=4, embedding_dim=8)
    users, items = model.embed()  # shapes (7, 8) and (9, 8)
    ```

    Reference:
        Eq. 1-31 of "CAmgr", Mathematics 2024, 12, 2353.
    """

    training_defaults = {"learning_rate": 0.001}
    search_space = {
        "num_layers": [1, 2, 3, 4],
        "num_neighbors": [5, 10, 15, 20, 25],
        "contrastive_weight": [0.001, 0.005, 0.01, 0.05, 0.1],
        "l2_weight": [1e-5, 1e-4, 1e-3, 1e-2],
    }
    fusion_layer = CrossAttentionFusion

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        num_neighbors=10,
        query_modality="text",
        contrastive_weight=0.01,
        temperature=0.2,
        l2_weight=1e-4,
        embedding_dim=64,
        seed=0,
    ):
        self.query_modality = query_modality
        super().__init__(
            dataset,
            num_layers=num_layers,
            num_neighbors=num_neighbors,
            num_modal_layers=0,
            edge_dropout=0.0,
            fusion_learning_rate_scale=1.0,
            contrastive_weight=contrastive_weight,
            temperature=temperature,
            l2_weight=l2_weight,
            embedding_dim=embedding_dim,
            seed=seed,
        )

    def training_graphs(self, user_ids, item_ids):
        return self.graphs

    def make_fusion(self):
        name = query_modality(self.modalities, self.query_modality)
        return super().make_fusion(query_index=self.modalities.index(name))

    def fused_parts(self, nodes, modal):
        context = list(self.modal_states(self.graphs).values())
        return self.fusion.parts(nodes, modal, context)

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        """As in `CAmgr`, of all nodes, which are the candidates of eq. 30."""
        graphs = self.training_graphs(user_ids, positive_item_ids)
        items = ops.concatenate([positive_item_ids, negative_item_ids])
        rows = ops.concatenate([user_ids, items + self.num_users])
        nodes, fused = self.states(graphs, training=True)
        candidates = ops.split(nodes, [self.num_users], axis=0)
        nodes, fused = (ops.take(s, rows, axis=0) for s in (nodes, fused))
        return self.losses(rows, nodes, fused, candidates)

    def ranking(self, *rows):
        return {"bpr": self.bpr(*rows)}

    def contrast(self, fused, nodes, candidates):
        return info_nce(fused, nodes, self.temperature, False, candidates)

    def l2(self, rows, states):
        return squared([v.value for v in self.trainable_variables])

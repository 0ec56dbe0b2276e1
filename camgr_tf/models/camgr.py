from keras import ops

from camgr_tf.layers import SemanticConvolution
from camgr_tf.layers import split_modalities
from camgr_tf.losses import half_squared
from camgr_tf.losses import info_nce
from camgr_tf.losses import sampled_softmax
from camgr_tf.models.camgr_parts import CAmgrParts
from camgr_tf.models.shared_rows import all_rows
from camgr_tf.models.shared_rows import own_rows
from camgr_tf.models.subgraph import FirstRows
from camgr_tf.ops import HostSeedGenerator
from camgr_tf.ops import layer_mean
from camgr_tf.ops import propagate
from camgr_tf.ops import sparse_matmul


class CAmgr(CAmgrParts):
    """Purified modalities on two kinds of graph, fused by learned shares.

    ```
    H''_m = (H_i + mean of users) * sigmoid(gate(features_m))       (1-6)
    H_n   = mean over layers of the encoder on the user-item graph  (7-9)
    H_m   = semantic graph of m, then the mean of each user's items (10-14),
            then the mean over layers on the user-item graph
    H_f   = sum of w_m H_m, the shares w a learned softmax          (15-26)
    score = (H_n + H_f)_u . (H_n + H_f)_i                           (27, 28)
    loss  = softmax + a_1 InfoNCE(H_f, H_n) + a_2 L2                (29-31)
    ```

    The simplest reading of each equation that none beat on validation, with
    a softmax in place of eq. 29; `CAmgrAttention` fuses by cross-attention,
    `CAmgrPaper` is the closest to the print, and
    `camgr_tf.research.readings` has the others.

    Args:
        dataset: `camgr_tf.data.Dataset`. Interactions, and a feature array
            `(num_items, width)` for each modality, one or more.
        num_layers: Integer, the encoder's `L` of eq. 9. Defaults to `4`.
        num_neighbors: Integer. The `K` of eq. 11; an item is one of its own.
            Defaults to `10`.
        num_modal_layers: Integer. Layers by which the modal states behind
            eq. 14 go on along the user-item graph. Defaults to `1`.
        edge_dropout: Float in `[0, 1)`. Share of messages that each layer of
            the encoder drops in a training step. Defaults to `0.3`.
        modal_edge_dropout: Float in `[0, 1)`. The same of the graphs between
            users and items along which modal states go; the semantic graphs
            stay whole. Defaults to `0.0`.
        contrastive_weight: Float, the `a_1` of eq. 31. Defaults to `0.03`.
        temperature: Float, that of eq. 30. Defaults to `0.2`.
        l2_weight: Float, the `a_2` of eq. 31. Defaults to `0.01`.
        batch_size: Integer. Divides the L2 of a batch. Defaults to `2048`.
        embedding_dim: Integer, the `d` of the paper. Defaults to `64`.
        seed: Integer. Of all initial values and of dropout. Defaults to `0`.

    Example:

    ```python
    from camgr_tf import CAmgr
    from camgr_tf.testing import tiny_dataset
    model = CAmgr(tiny_dataset(), num_neighbors=4, embedding_dim=8)
    users, items = model.embed()  # shapes (7, 8) and (9, 8)
    ```

    Reference:
        Eq. 1-31 of "CAmgr", Mathematics 2024, 12, 2353.
    """

    samples_neighbors = True
    shares_rows = True
    # The contrast outweighs the softmax in the first epochs.
    training_defaults = {"learning_rate": 0.002, "min_epochs": 30}
    search_space = {
        "num_layers": [1, 2, 3, 4],
        "num_modal_layers": [0, 1, 2],
        "edge_dropout": [0.0, 0.1, 0.3, 0.5],
        "modal_edge_dropout": [0.0, 0.3],
        "num_neighbors": [5, 10, 20, 40],
        "contrastive_weight": [0.003, 0.01, 0.03, 0.05],
        "temperature": [0.1, 0.2, 0.5],
        "l2_weight": [1e-4, 1e-3, 1e-2, 1e-1],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=4,
        num_neighbors=10,
        num_modal_layers=1,
        edge_dropout=0.3,
        modal_edge_dropout=0.0,
        contrastive_weight=0.03,
        temperature=0.2,
        l2_weight=0.01,
        batch_size=2048,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.num_layers = num_layers
        self.num_neighbors = num_neighbors
        self.num_modal_layers = num_modal_layers
        self.edge_dropout = edge_dropout
        self.modal_edge_dropout = modal_edge_dropout
        self.contrastive_weight = contrastive_weight
        self.temperature = temperature
        self.l2_weight = l2_weight
        self.batch_size = batch_size
        self.modalities = list(dataset.features)
        self.feature_arrays = dict(dataset.features)
        self.graphs = self.make_graphs(dataset.interactions)
        self.item_graphs = {
            m: self.make_item_graph(f) for m, f in dataset.features.items()
        }
        self.user_table, self.item_table = self.make_tables()
        self.purifiers = {m: self.make_purifier(m) for m in self.modalities}
        self.convolution = SemanticConvolution(name="semantic_convolution")
        self.make_encoder()
        self.fusion = self.make_fusion()
        self.dropout_seeds = HostSeedGenerator(
            self.next_seed(), name="edge_dropout"
        )
        self.on_subgraph(FirstRows()).embed()  # builds all layers

    def behavior(self, graphs):
        """The item and the mean of its users, `(num_items, dim)` (2-4)."""
        users = sparse_matmul(graphs.item_users, self.user_table)
        return ops.convert_to_tensor(self.item_table) + users

    def purify(self, graphs):
        """`H''` of each modality, `(num_items, dim)` (1, 5, 6)."""
        behavior = self.behavior(graphs)
        return {
            m: self.purifiers[m](self.features[m], behavior)
            for m in self.modalities
        }

    def encode(self, graphs, rows=None, training=False):
        """`H_n` of all nodes, or of the nodes `rows` (7-9)."""
        layers = [ops.concatenate([self.user_table, self.item_table], axis=0)]
        for layer in range(self.num_layers):
            edges = graphs.nodes
            if training and self.edge_dropout > 0:
                edges = edges.dropout(self.edge_dropout, self.dropout_seeds)
            layers.append(self.convolve(layer, edges, layers[-1]))  # (7, 8)
        return layer_mean(layers, rows)  # (9)

    def convolved_states(self, graphs):
        """All nodes, modalities side by side, `(num_nodes, M dim)` (10-14)."""
        return self.convolution(
            list(self.purify(graphs).values()),
            item_adjacency=[self.item_graphs[m] for m in self.modalities],
            user_item_adjacency=graphs.user_items,
        )

    def modal_states(self, graphs, rows=None, training=False):
        """`H_m` of each modality, `(num_nodes, dim)` (2-6, 10-14, and on)."""
        if training and self.modal_edge_dropout > 0:
            graphs = graphs.dropout(self.modal_edge_dropout, self.dropout_seeds)
        joined = self.convolved_states(graphs)
        joined = propagate(graphs.nodes, joined, self.num_modal_layers, rows)
        return split_modalities(joined, self.modalities)

    def states(self, graphs, rows=None, training=False):
        """`H_n` and `H_f` of all nodes, or of the nodes `rows` (1-26)."""
        nodes = self.encode(graphs, rows, training)
        modal = list(self.modal_states(graphs, rows, training).values())
        return nodes, self.fusion(nodes, modal, training=training)

    def embed(self, training=False):
        nodes, fused = self.states(self.graphs, training=training)
        final = nodes + fused  # (27)
        return final[: self.num_users], final[self.num_users :]

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        graphs = self.training_graphs(user_ids, positive_item_ids)
        batch = [user_ids, positive_item_ids, negative_item_ids]
        own = self.node_rows(*map(own_rows, batch))
        states = self.states(graphs, own, training=True)
        nodes, fused = all_rows(user_ids, *states, groups=3)
        return self.losses(self.node_rows(*batch), nodes, fused)

    def node_rows(self, user_ids, *item_ids):
        """The nodes of users and of items, one behind the other."""
        items = ops.concatenate(item_ids)
        return ops.concatenate([user_ids, items + self.num_users])

    def losses(self, rows, nodes, fused, candidates=(None, None)):
        """The terms of eq. 31 for users, positive and negative items."""
        final = ops.split(nodes + fused, 3, axis=0)
        pairs = zip(ops.split(fused, 3), ops.split(nodes, 3), candidates)
        contrast = sum(self.contrast(*pair) for pair in pairs)  # L_u + L_i
        return {
            **self.ranking(*final),  # (29)
            "info_nce": self.contrastive_weight * contrast,
            "l2": self.l2_weight * self.l2(rows, final),  # (31)
        }

    def ranking(self, *rows):
        """A user's own item among the batch's negatives, for BPR (29)."""
        return {"softmax": sampled_softmax(*rows)}

    def contrast(self, fused, nodes, candidates):
        """`L_u` or `L_i`: the own `H_n` among those of the batch (30)."""
        return info_nce(fused, nodes, self.temperature, True, candidates)

    def l2(self, rows, states):
        """Half the squares of the final states, by `batch_size` (31)."""
        return half_squared(*states, batch_size=self.batch_size)

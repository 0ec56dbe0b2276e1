import functools

import keras
from keras import ops

from camgr_tf.baselines.side_contrast import side_contrast_terms
from camgr_tf.baselines.smore_fold_in import FUSED
from camgr_tf.baselines.smore_fold_in import SMOREFoldIn
from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.layers import SemanticConvolution
from camgr_tf.layers import split_modalities
from camgr_tf.layers.spectral_fusion import SpectralFusion
from camgr_tf.ops import Adjacency
from camgr_tf.ops import HostSeedGenerator
from camgr_tf.ops import propagate

TUNED = (
    "num_layers",
    "num_neighbors",
    "num_further_neighbors",
    "contrastive_weight",
    "l2_weight",
    "dropout",
)
PUBLISHED = {
    "baby": (4, 40, 15, 0.01, 1e-4, 0.1),
    "sports": (3, 10, 10, 0.03, 1e-4, 0.0),
    "clothing": (3, 40, 10, 0.01, 1e-5, 0.0),
}


class SMORE(SMOREFoldIn):
    """Modalities filtered and fused in the spectrum, gated by behavior.

    ```
    D_m, D_f = SpectralFusion of all Linear_m(F_m)
    z_m   = items * sigmoid(gate_m(D_m))                      also m = f
    C_m   = [R K_m z_m; K_m z_m]                              also m = f
    H     = LightGCN of [users; items] on the user-item graph
    a_m   = softmax over the channels of query_m(C_f);   a_f = 1
    side  = sum over all m and f of dr(sigmoid(preference_m(H))) a_m C_m,
            over their number
    X     = H + side;   score(u, i) = X_u . X_i
    loss  = BPR(X) + l2_weight HALF(X)
            + contrastive_weight [ InfoNCE(side_i, H_i)
                                   + InfoNCE(side_u, H_u) ]
    ```

    `SpectralFusion` filters each modality by frequency and multiplies their
    spectra to the fused view `f`. `K_m` is the fixed graph of each item's
    most similar items by the raw features, itself included, divided by the
    roots of both row sums; `K_f` has the edges of all of them with the
    largest weight. `R` holds `1 / sqrt(d_u d_i)`. `dr` is dropout of the
    gates in training, a mask of its own for each node. `F_m` are trainable
    tables that start as the raw features. `HALF` is half the sum of squares
    of the batch rows over the configured `batch_size`.

    At the start the contrast can outweigh BPR a hundredfold: where
    validation falls from the first epoch on, a `contrastive_weight` of 0.001
    trains.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality.
        num_layers: Integer. Propagations on the user-item graph; the item
            graphs have one. Defaults to `4`.
        num_neighbors: Integer. Similar items in the first modality's graph,
            the item itself included. Defaults to `10`.
        num_further_neighbors: Integer. In each further modality's. Defaults
            to `None`: as many.
        contrastive_weight: Float. Defaults to `0.01`.
        temperature: Float. Divides the cosines of InfoNCE. Defaults to
            `0.2`.
        l2_weight: Float. Weight of `HALF`. Defaults to `0.0001`.
        dropout: Float in `[0, 1)`. Of the preference gates. Defaults to
            `0.1`.
        batch_size: Integer. Divisor of `HALF`. Defaults to `2048`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If the data set has no modality, or `dropout` is out of
            range.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["smore"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # shapes (7, 64) and (9, 64)
    ```

    Reference:
        Ong and Khong, "Spectrum-based Modality Representation Fusion Graph
        Convolutional Network for Multimodal Recommendation", WSDM 2025, as
        released; presets as its README has them. Departure: similarities
        below zero are cut to zero. The released grid has one contrastive
        weight, 0.01.
    """

    training_defaults = {
        "learning_rate": 0.001,
        "learning_rate_decay": 0.96,
        "batch_size": 2048,
    }
    presets = {
        **{name: dict(zip(TUNED, v)) for name, v in PUBLISHED.items()},
        # Found by `camgr sweep race`, five trials on validation.
        "lfm2k": {
            **dict(zip(TUNED, (4, 40, 40, 0.01, 1e-5, 0.1))),
            "learning_rate": 0.002,
        },
    }
    search_space = {
        "num_layers": [3, 4],
        "num_neighbors": [10, 15, 20, 40],
        "num_further_neighbors": [10, 15, 20, 40],
        "contrastive_weight": [0.001, 0.003, 0.01, 0.03],
        "l2_weight": [1e-5, 1e-4],
        "dropout": [0.0, 0.1],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=4,
        num_neighbors=10,
        num_further_neighbors=None,
        contrastive_weight=0.01,
        temperature=0.2,
        l2_weight=1e-4,
        dropout=0.1,
        batch_size=2048,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not dataset.features:
            raise ValueError(
                "SMORE needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        self.modalities = list(dataset.features)
        self.views = [*self.modalities, FUSED]
        self.num_layers = num_layers
        self.num_neighbors = num_neighbors
        self.num_further_neighbors = num_further_neighbors
        self.contrastive_weight = contrastive_weight
        self.temperature = temperature
        self.l2_weight = l2_weight
        self.dropout = dropout
        self.batch_size = batch_size

        # === Graphs ===
        self.adjacency = bipartite_adjacency(dataset.interactions)
        self.user_items = user_item_adjacency(dataset.interactions, "symmetric")
        matrices = [
            semantic_matrix(
                dataset.features[m],
                count,
                normalization="symmetric",
                cache_dir=cache_folder(),
            )
            for m, count in self.neighbor_counts().items()
        ]
        union = functools.reduce(lambda a, b: a.maximum(b), matrices)
        self.item_graphs = {
            v: Adjacency(matrix)
            for v, matrix in zip(self.views, [*matrices, union])
        }

        # === Layers ===
        dim = embedding_dim
        self.user_table = self.table("user_embeddings", (self.num_users, dim))
        self.item_table = self.table("item_embeddings", (self.num_items, dim))
        self.feature_tables = {
            m: self.table(f"{m}_features", features.shape, features)
            for m, features in dataset.features.items()
        }
        self.aligners = {
            m: self.linear(f"align_{m}", table.shape[1], dim)
            for m, table in self.feature_tables.items()
        }
        self.spectral_fusion = SpectralFusion(
            dim,
            len(self.modalities),
            seed=self.next_seed(),
            name="spectral_fusion",
        )
        self.gates = {
            v: self.linear(f"gate_{v}", dim, dim, activation="sigmoid")
            for v in self.views
        }
        self.preferences = {
            v: self.linear(f"preference_{v}", dim, dim, activation="sigmoid")
            for v in self.views
        }
        self.queries_hidden = {
            m: self.linear(f"query_hidden_{m}", dim, dim, activation="tanh")
            for m in self.modalities
        }
        self.queries = {
            m: self.linear(f"query_{m}", dim, dim, use_bias=False)
            for m in self.modalities
        }
        self.convolution = SemanticConvolution(name="semantic_convolution")
        self.dropout_seeds = HostSeedGenerator(
            self.next_seed(), name="dropout_seeds"
        )

    def embed(self, training=False):
        nodes = self.encode()
        masks = self.gate_masks() if training else None
        final = nodes + self.side(nodes, self.view_states(), masks)
        return ops.split(final, [self.num_users], axis=0)

    def encode(self, rows=None):
        """`H`, the behavior view of all nodes, users first, or of `rows`."""
        states = ops.concatenate([self.user_table, self.item_table], axis=0)
        return propagate(self.adjacency, states, self.num_layers, rows)

    def gated_items(self):
        """`z` of each view, a list of tensors `(num_items, embedding_dim)`."""
        contents = self.spectral_fusion(
            [
                self.aligners[m](ops.convert_to_tensor(self.feature_tables[m]))
                for m in self.modalities
            ]
        )
        return [
            self.item_table * self.gates[v](content)
            for v, content in zip(self.views, contents)
        ]

    def view_states(self, rows=None):
        """`C` of each view for all nodes, users first, or for `rows`."""
        # All views side by side: one product for all.
        joined = self.convolution(
            self.gated_items(),
            item_adjacency=[self.item_graphs[v] for v in self.views],
            user_item_adjacency=self.user_items,
        )
        if rows is not None:
            joined = ops.take(joined, rows, axis=0)
        return split_modalities(joined, self.views)

    def gate_masks(self, rows=None):
        """Dropout masks of each view's gates, or `None` without dropout."""
        if not self.dropout:
            return None
        shape = (self.num_users + self.num_items, self.embedding_dim)
        masks = {}
        for v in self.views:
            mask = keras.random.dropout(
                ops.ones(shape), self.dropout, seed=self.dropout_seeds
            )
            # A node that a batch has twice has one mask.
            masks[v] = mask if rows is None else ops.take(mask, rows, axis=0)
        return masks

    def side(self, nodes, states, masks=None):
        """The sum of `side_parts`."""
        return sum(self.side_parts(nodes, states, masks).values())

    def side_parts(self, nodes, states, masks=None):
        """The summands of `side` of some nodes, each by itself.

        Args:
            nodes: Float tensor of shape `(num_rows, embedding_dim)`, `H`.
            states: Dictionary from a view to a tensor of that shape, `C`.
            masks: Dictionary likewise, of factors on the gates. Defaults to
                `None`: no dropout.

        Returns:
            Dictionary from a view to a tensor of that shape.
        """
        parts = {}
        for v in self.views:
            part = self.preferences[v](nodes) * states[v] / len(self.views)
            if masks is not None:
                part = part * masks[v]
            if v != FUSED:
                hidden = self.queries_hidden[v](states[FUSED])
                part = part * ops.softmax(self.queries[v](hidden), axis=1)
            parts[v] = part
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        n = self.num_users
        # Behind the graphs each node is by itself: batch rows only.
        rows = ops.concatenate(
            [user_ids, positive_item_ids + n, negative_item_ids + n]
        )
        nodes = self.encode(rows)
        side = self.side(nodes, self.view_states(rows), self.gate_masks(rows))
        return side_contrast_terms(self, nodes, side)

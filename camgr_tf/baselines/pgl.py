import keras
import numpy as np
from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs.blended import blended_matrix
from camgr_tf.graphs.blended import modality_weights
from camgr_tf.layers.edge_sampling import EdgeSampling
from camgr_tf.losses import info_nce
from camgr_tf.models.fold_in import item_sources
from camgr_tf.models.fold_in import only_columns
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import Adjacency
from camgr_tf.ops import HostSeedGenerator
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import propagate
from camgr_tf.ops import sparse_matmul

# Of the interactions, in an epoch; the released code has no setting for it.
KEPT_SHARE = 0.3


class PGL(Recommender):
    """Trained on a principal part of the graph, evaluated on all of it.

    ```
    Y         = [l2(Linear_1(F_1)) || l2(Linear_2(F_2)) ...]
    [X_U; X'] = LightGCN of [T; Y] on A
    X_I       = X' + K^n Y                     n = num_item_layers
    score     = X_u . X_i
    loss      = BPR(X) + contrastive_weight / 2 [
                    InfoNCE(dr(X_u), dr(X_u)) + InfoNCE(dr(X_i), dr(X_i)) ]
    ```

    In training `A` is a sample of 30 % of the interactions that spares nodes
    with few (`EdgeSampling`, the authors' "local" mode), drawn by
    `begin_epoch`; in evaluation it is the whole graph, so that the layers'
    sizes differ between both. `K` is the mean of each item's most similar
    items by the raw features, all modalities blended. Items have no ID
    embedding: `F_m` are trainable tables that start as the raw features, `T`
    holds one part a modality. Each `dr` is a dropout of its own; the batch's
    users and positive items are contrasted.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality.
        num_layers: Integer. Of the user-item graph. Defaults to `2`.
        num_item_layers: Integer. Products with `K`. Defaults to `1`.
        num_neighbors: Integer. Similar items, the item itself included.
            Defaults to `10`.
        first_weight: Float in `[0, 1]`. The first modality's share of `K`;
            the others divide the rest. Defaults to `0.1`.
        dropout: Float in `[0, 1)`. Of the contrasted rows. Defaults to
            `0.2`.
        contrastive_weight: Float. Defaults to `0.05`.
        temperature: Float. Divides the cosines of InfoNCE. Defaults to
            `0.2`.
        embedding_dim: Integer. Width of each modality's part; the final
            vectors hold all of them. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If the data set has no modality, or `dropout` or
            `first_weight` is out of range.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["pgl"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # shapes (7, 128) and (9, 128)
    ```

    Reference:
        Yu et al., "Mind Individual Information! Principal Graph Learning for
        Multimedia Recommendation", AAAI 2025, as released. The presets are
        the settings in the logs of the authors' code; the search range
        covers them.
    """

    training_defaults = {
        "learning_rate": 0.001,
        "learning_rate_decay": 0.96,
        "batch_size": 2048,
    }
    presets = {
        "baby": {"dropout": 0.2, "contrastive_weight": 0.05},
        "sports": {"dropout": 0.05, "contrastive_weight": 0.1},
        "clothing": {"dropout": 0.1, "contrastive_weight": 0.5},
        # Found by `camgr sweep race`, five trials on validation.
        "lfm2k": {
            "dropout": 0.1,
            "contrastive_weight": 0.1,
            "learning_rate": 0.004,
        },
    }
    search_space = {
        "dropout": [0.05, 0.1, 0.2],
        "contrastive_weight": [0.0, 0.05, 0.1, 0.5],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        num_item_layers=1,
        num_neighbors=10,
        first_weight=0.1,
        dropout=0.2,
        contrastive_weight=0.05,
        temperature=0.2,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not dataset.features:
            raise ValueError(
                f"{type(self).__name__} needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.num_item_layers = num_item_layers
        self.num_neighbors = num_neighbors
        self.first_weight = first_weight
        self.dropout = dropout
        self.contrastive_weight = contrastive_weight
        self.temperature = temperature

        # === Graphs ===
        self.adjacency = bipartite_adjacency(dataset.interactions)
        self.item_graph = Adjacency(
            blended_matrix(
                dataset.features, num_neighbors, first_weight, cache_folder()
            )
        )
        self.build_training_graph(dataset.interactions)

        # === Layers ===
        dim = embedding_dim
        self.user_tables = {
            m: self.table(f"{m}_users", (self.num_users, dim))
            for m in self.modalities
        }
        self.feature_tables = {
            m: self.table(f"{m}_features", values.shape, values)
            for m, values in dataset.features.items()
        }
        self.projections = {
            m: self.linear(f"projection_{m}", table.shape[1], dim)
            for m, table in self.feature_tables.items()
        }
        self.dropout_seeds = HostSeedGenerator(
            self.next_seed(), name="dropout_seeds"
        )

    def build_training_graph(self, interactions):
        """Prepares what `training_graph` returns."""
        self.edge_sampling = EdgeSampling(
            interactions,
            int(KEPT_SHARE * len(interactions.train)),
            seed=self.next_seed(),
            name="edge_sampling",
        )

    def training_graph(self):
        """`A` in training."""
        return self.edge_sampling.adjacency()

    def begin_epoch(self, epoch=0):
        self.edge_sampling.draw(epoch)

    def embed(self, training=False):
        graph = self.training_graph() if training else self.adjacency
        contents = self.item_contents()
        nodes = self.encode(graph, contents)
        users, items = ops.split(nodes, [self.num_users], axis=0)
        return users, items + self.smoothed_items(contents)

    def item_contents(self):
        """`Y`, a tensor of shape `(num_items, modalities * dim)`."""
        return self.project(self.feature_tables)

    def project(self, features):
        """`Y` of items with some features, a dictionary by modality."""
        parts = [
            l2_normalize(
                self.projections[m](ops.convert_to_tensor(features[m]))
            )
            for m in self.modalities
        ]
        return ops.concatenate(parts, axis=1)

    def encode(self, graph, contents, rows=None):
        """`[X_U; X']` of all nodes, or of `rows`."""
        states = self.start(contents)
        return propagate(graph, states, self.num_layers, rows)

    def start(self, contents):
        """`[T; Y]` of all nodes."""
        users = ops.concatenate(
            [
                ops.convert_to_tensor(self.user_tables[m])
                for m in self.modalities
            ],
            axis=1,
        )
        return ops.concatenate([users, contents], axis=0)

    def smoothed_items(self, contents, num_layers=None):
        """`K^n Y`, a tensor of the shape of `contents`."""
        for _ in range(
            self.num_item_layers if num_layers is None else num_layers
        ):
            contents = sparse_matmul(self.item_graph, contents)
        return contents

    def embed_users(self, baskets):
        items = baskets.once(
            lambda: item_sources(
                self.adjacency,
                self.start(self.item_contents()),
                self.num_layers,
                self.num_users,
            )
        )
        return baskets.symmetric @ items

    def embed_items(self, features, neighbors):
        contents = self.project(features)
        # No users: of the mean over layers the first alone is not zero.
        own = np.asarray(contents) / (self.num_layers + 1)
        if not self.num_item_layers:
            return own + contents
        weights = modality_weights(self.modalities, self.first_weight)
        rows = sum(
            weights[m] * neighbors.mean_rows(m, features[m], self.num_neighbors)
            for m in self.modalities
        )
        return own + rows @ np.asarray(
            self.smoothed_items(self.item_contents(), self.num_item_layers - 1)
        )

    def parts(self):
        users, items = (np.asarray(v) for v in self.embed())
        parts = {}
        for n, m in enumerate(self.modalities):
            own = slice(n * self.embedding_dim, (n + 1) * self.embedding_dim)
            parts[m] = only_columns(users, own), only_columns(items, own)
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        item_ids = ops.concatenate([positive_item_ids, negative_item_ids])
        rows = ops.concatenate([user_ids, item_ids + self.num_users])
        contents = self.item_contents()
        nodes = self.encode(self.training_graph(), contents, rows)
        users, positive_items, negative_items = ops.split(nodes, 3, axis=0)
        smoothed = ops.take(self.smoothed_items(contents), item_ids, axis=0)
        positive_smoothed, negative_smoothed = ops.split(smoothed, 2, axis=0)
        positive_items = positive_items + positive_smoothed
        negative_items = negative_items + negative_smoothed
        terms = {"bpr": self.bpr(users, positive_items, negative_items)}
        if self.contrastive_weight:
            terms["info_nce"] = (self.contrastive_weight / 2.0) * (
                self.contrast(users) + self.contrast(positive_items)
            )
        return terms

    def contrast(self, states):
        """InfoNCE of two dropouts of the same rows."""
        queries, keys = (
            keras.random.dropout(states, self.dropout, seed=self.dropout_seeds)
            for _ in range(2)
        )
        return info_nce(queries, keys, self.temperature)

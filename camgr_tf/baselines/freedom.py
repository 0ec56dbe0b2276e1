import numpy as np
from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs.blended import blend
from camgr_tf.graphs.blended import modality_weights
from camgr_tf.graphs.blended import weighted_matrices
from camgr_tf.layers.edge_sampling import EdgeSampling
from camgr_tf.models.fold_in import id_sources
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.fold_in import split_rows
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import Adjacency
from camgr_tf.ops import propagate
from camgr_tf.ops import sparse_matmul


class FREEDOM(Recommender):
    """A frozen item graph beside a user-item graph thinned anew each epoch.

    ```
    h        = K^n V                           n = num_item_layers
    [X_U; Y] = LightGCN of [E; V] on A
    X_I      = Y + h;   score(u, i) = X_u . X_i
    Z_m      = Linear_m(F_m)
    loss     = BPR(X_u, X_i, X_j)
               + modality_weight sum_m BPR(X_u, Z_m,i, Z_m,j)
    ```

    `K` is the mean of each item's most similar items by the raw features,
    all modalities blended; it never changes. In training `A` is a sample of
    the interactions that spares nodes with few (`EdgeSampling`), drawn by
    `begin_epoch`; in evaluation it is the whole graph. `F_m` are trainable
    tables that start as the raw features; what they learn reaches the score
    through the users alone.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality.
        num_layers: Integer. Of the user-item graph. Defaults to `2`.
        num_item_layers: Integer. Products with `K`. Defaults to `1`.
        num_neighbors: Integer. Similar items, the item itself included.
            Defaults to `10`.
        first_weight: Float in `[0, 1]`. The first modality's share of `K`;
            the others divide the rest. Defaults to `0.1`.
        edge_dropout: Float in `[0, 1)`. Share of the interactions that an
            epoch leaves out; at `0` none is. Defaults to `0.8`.
        modality_weight: Float. At `0` the features are read for `K` alone.
            Defaults to `0.001`. Both are one setting of the authors' grid,
            which does not say its best.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If the data set has no modality, or `edge_dropout` or
            `first_weight` is out of range.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["freedom"](tiny_dataset(), num_neighbors=4)
    users, items = model.embed()  # shapes (7, 64) and (9, 64)
    ```

    Reference:
        Zhou and Shen, "A Tale of Two Graphs: Freezing and Denoising Graph
        Structures for Multimodal Recommendation", MM 2023, as released.
    """

    training_defaults = {"learning_rate": 0.001, "batch_size": 2048}
    # Found by `camgr sweep race`, five trials on validation.
    presets = {
        "lfm2k": {
            "edge_dropout": 0.9,
            "modality_weight": 1e-5,
            "learning_rate": 0.002,
        }
    }
    search_space = {
        "edge_dropout": [0.8, 0.9],
        "modality_weight": [0.0, 1e-5, 1e-4, 1e-3],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        num_item_layers=1,
        num_neighbors=10,
        first_weight=0.1,
        edge_dropout=0.8,
        modality_weight=1e-3,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not dataset.features:
            raise ValueError(
                "FREEDOM needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.num_item_layers = num_item_layers
        self.num_neighbors = num_neighbors
        self.first_weight = first_weight
        self.edge_dropout = edge_dropout
        self.modality_weight = modality_weight

        # === Graphs ===
        interactions = dataset.interactions
        self.adjacency = bipartite_adjacency(interactions)
        self.modality_graphs = weighted_matrices(
            dataset.features, num_neighbors, first_weight, cache_folder()
        )
        self.item_graph = Adjacency(blend(self.modality_graphs))
        self.edge_sampling = None
        if edge_dropout > 0:
            # In this order, as the reference code: .9 of 100 leaves 9.
            num_kept = int(len(interactions.train) * (1.0 - edge_dropout))
            self.edge_sampling = EdgeSampling(
                interactions,
                num_kept,
                seed=self.next_seed(),
                name="edge_sampling",
            )

        # === Layers ===
        dim = embedding_dim
        self.user_table = self.table("user_embeddings", (self.num_users, dim))
        self.item_table = self.table("item_embeddings", (self.num_items, dim))
        # Without the weight nothing would ever move them.
        trained = self.modalities if modality_weight else []
        self.feature_tables = {
            m: self.table(
                f"{m}_features",
                dataset.features[m].shape,
                dataset.features[m],
            )
            for m in trained
        }
        self.projections = {
            m: self.linear(f"projection_{m}", table.shape[1], dim)
            for m, table in self.feature_tables.items()
        }

    def begin_epoch(self, epoch=0):
        if self.edge_sampling is not None:
            self.edge_sampling.draw(epoch)

    def embed(self, training=False):
        nodes = self.encode(
            self.training_graph() if training else self.adjacency
        )
        users, items = ops.split(nodes, [self.num_users], axis=0)
        return users, items + self.smoothed_items()

    def training_graph(self):
        """The epoch's sample of the user-item graph, or all of it."""
        if self.edge_sampling is None:
            return self.adjacency
        return self.edge_sampling.adjacency()

    def encode(self, graph, rows=None):
        """`[X_U; Y]` of all nodes, or of `rows`."""
        return propagate(graph, id_states(self), self.num_layers, rows)

    def smoothed_items(self, num_layers=None):
        """`h`, a float tensor of shape `(num_items, embedding_dim)`."""
        states = ops.convert_to_tensor(self.item_table)
        for _ in range(
            self.num_item_layers if num_layers is None else num_layers
        ):
            states = sparse_matmul(self.item_graph, states)
        return states

    def embed_users(self, baskets):
        items = baskets.once(lambda: id_sources(self))
        return baskets.symmetric @ items

    def embed_items(self, features, neighbors):
        if not self.num_item_layers:
            return super().embed_items(features, neighbors)
        weights = modality_weights(self.modalities, self.first_weight)
        rows = sum(
            weights[m] * neighbors.mean_rows(m, features[m], self.num_neighbors)
            for m in self.modalities
        )
        return rows @ np.asarray(self.smoothed_items(self.num_item_layers - 1))

    def parts(self):
        nodes = self.encode(self.adjacency)
        parts = {"id": split_rows(nodes, self.num_users)}
        if self.num_item_layers:
            # `K` is a sum over modalities: so is its last product.
            states = np.asarray(self.smoothed_items(self.num_item_layers - 1))
            for m, graph in self.modality_graphs.items():
                parts[m] = None, (graph @ states).astype("float32")
        else:
            users, items = parts["id"]
            parts["id"] = users, items + np.asarray(self.item_table)
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        item_ids = ops.concatenate([positive_item_ids, negative_item_ids])
        rows = ops.concatenate([user_ids, item_ids + self.num_users])
        nodes = self.encode(self.training_graph(), rows)
        users, positive_items, negative_items = ops.split(nodes, 3, axis=0)
        smoothed = ops.take(self.smoothed_items(), item_ids, axis=0)
        positive_smoothed, negative_smoothed = ops.split(smoothed, 2, axis=0)
        terms = {
            "bpr": self.bpr(
                users,
                positive_items + positive_smoothed,
                negative_items + negative_smoothed,
            )
        }
        if self.modality_weight:
            terms["modality_bpr"] = self.modality_weight * sum(
                self.modality_bpr(m, users, item_ids) for m in self.modalities
            )
        return terms

    def modality_bpr(self, modality, users, item_ids):
        """BPR of one modality's `Z`; `item_ids` positive, then negative."""
        # Projecting the batch's items alone gives the same values.
        features = ops.take(self.feature_tables[modality], item_ids, axis=0)
        content = self.projections[modality](features)
        return self.bpr(users, *ops.split(content, 2, axis=0))

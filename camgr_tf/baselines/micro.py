import numpy as np
from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.losses import half_squared
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.fold_in import item_layers
from camgr_tf.models.fold_in import split_rows
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import Adjacency
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import mean_logsumexp
from camgr_tf.ops import nearest_rows
from camgr_tf.ops import propagate
from camgr_tf.ops import sparse_matmul


class MICRO(Recommender):
    """Learned item graphs, one per modality, fused and contrasted.

    ```
    K_m = (1 - s) kNN(Linear_m(F_m)) + s kNN(raw features_m)
    Z_m = K_m V
    h   = sum_m softmax_m(query(Z_m)) Z_m
    G   = mean over layers of [E; V] on the user-item graph with self-loops,
          each layer the mean over a node and its neighbors
    X_u = G_u,   X_i = G_i + h_i / ||h_i||,   score = X_u . X_i
    loss = BPR + l2_weight half_squared(X_u, X_i, X_j)
           + contrastive_weight sum_m con(Z_m, h)
    con(z, h) = mean_a -log( e(z_a, h_a)
                / [sum_{b != a} e(z_a, z_b) + sum_b e(z_a, h_b)] )
    e(x, y)   = exp(cos(x, y) / temperature)
    ```

    `s` is `initial_graph_weight`, `F_m` a trainable table that starts as the
    raw features, and `kNN` the normalized graph of the `num_neighbors` most
    similar items, self included, weighted by their cosines.

    The learned part is rebuilt in the first batch of an epoch, with gradient
    through its cosines, and stays as it is, without gradient, until
    `begin_epoch` is called again. Evaluation rebuilds it from the current
    weights and leaves the training's graph alone.

    The batch size is that of the MMRec protocol, 2048 (the authors: 1024),
    and so is the sampling. A cosine below zero counts as zero, in the graphs
    only, where the reference code would take the root of a negative sum.
    Contrast and neighbor search work on blocks of items: no matrix of items
    by items exists.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        num_layers: Integer. Of the user-item graph. Defaults to `2`.
        num_item_layers: Integer. Products with `K_m`. Defaults to `1`.
        num_neighbors: Integer. Defaults to `10`.
        initial_graph_weight: Float in `[0, 1]`. Defaults to `0.9`.
        temperature: Float. Defaults to `0.5`.
        contrastive_weight: Float. Defaults to `0.03`.
        l2_weight: Float. Defaults to `1e-5`.
        batch_size: Integer. Divides the penalty, also of the short last
            batch. Defaults to `2048`.
        block_size: Integer. Items at one time; results do not depend on it.
            Defaults to `None`: what fits in 16 MB.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If `initial_graph_weight` is not in `[0, 1]`.

    Example:

    ```python
    from camgr_tf.baselines import MICRO
    from camgr_tf.testing import tiny_dataset

    model = MICRO(tiny_dataset(), num_neighbors=4)
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Zhang et al., "Latent Structure Mining with Contrastive Modality
        Fusion", IEEE TKDE 2023, as its released code computes it.
    """

    training_defaults = {
        "learning_rate": 5e-4,
        "learning_rate_decay": 0.96,
    }
    search_space = {
        "l2_weight": [0.0, 1e-5, 1e-4, 1e-3],
        "learning_rate": [1e-4, 5e-4, 1e-3, 5e-3],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        num_item_layers=1,
        num_neighbors=10,
        initial_graph_weight=0.9,
        temperature=0.5,
        contrastive_weight=0.03,
        l2_weight=1e-5,
        batch_size=2048,
        block_size=None,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not 0.0 <= initial_graph_weight <= 1.0:
            raise ValueError(
                "`initial_graph_weight` must be in [0, 1]. Received: "
                f"initial_graph_weight={initial_graph_weight}"
            )
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.num_item_layers = num_item_layers
        self.num_neighbors = num_neighbors
        self.initial_graph_weight = initial_graph_weight
        self.temperature = temperature
        self.contrastive_weight = contrastive_weight
        self.l2_weight = l2_weight
        self.batch_size = batch_size
        self.block_size = block_size

        # === Graphs ===
        self.adjacency = bipartite_adjacency(
            dataset.interactions, "row", self_loops=True
        )
        self.initial_graphs = {
            m: Adjacency(
                semantic_matrix(
                    dataset.features[m],
                    num_neighbors,
                    normalization="symmetric",
                    cache_dir=cache_folder(),
                )
            )
            for m in self.modalities
        }
        self.graph_is_stale = self._state("graph_is_stale", (), "bool", "ones")
        shape = (self.num_items, num_neighbors)
        self.graph_neighbors = {
            m: self._state(f"{m}_neighbors", shape, "int32", "zeros")
            for m in self.modalities
        }
        self.graph_weights = {
            m: self._state(f"{m}_graph_weights", shape, "float32", "zeros")
            for m in self.modalities
        }

        # === Layers ===
        dim = embedding_dim
        self.user_table = self.table("user_embeddings", (self.num_users, dim))
        self.item_table = self.table("item_embeddings", (self.num_items, dim))
        self.feature_tables = {
            m: self.table(f"{m}_features", values.shape, values)
            for m, values in dataset.features.items()
        }
        self.projections = {
            m: self.linear(f"{m}_projection", values.shape[1], dim)
            for m, values in dataset.features.items()
        }
        self.query_hidden = self.linear(
            "query_hidden", dim, dim, activation="tanh"
        )
        self.query_logit = self.linear("query_logit", dim, 1, use_bias=False)

    def _state(self, name, shape, dtype, initializer):
        return self.add_weight(
            name=weight_name(name),
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=False,
        )

    def begin_epoch(self, epoch=0):
        self.graph_is_stale.assign(True)

    def embed(self, training=False):
        graphs = self.training_graphs() if training else self.learned_graphs()
        return self.fuse(self.modal_states(graphs)[1])

    def learned_graphs(self):
        """The graphs of the current weights.

        Returns:
            List, a modality at a time, of tuples: the neighbors, an int32
            tensor, and their weights, a float tensor, both of shape
            `(num_items, num_neighbors)`.
        """
        return [self.learned_graph(m) for m in self.modalities]

    def learned_graph(self, modality):
        """One modality's `kNN(Linear(F))`: neighbors and their weights."""
        neighbors, cosines = self.learned_cosines(modality)
        roots = ops.sqrt(_degrees(cosines))
        scales = roots[:, None] * ops.take(roots, neighbors, axis=0)
        return neighbors, cosines / scales

    def learned_cosines(self, modality):
        """Neighbors by the projected features, and the cosines kept."""
        rows = l2_normalize(
            self.projections[modality](self.feature_tables[modality])
        )
        neighbors = nearest_rows(rows, self.num_neighbors, self.block_size)
        # The kept cosines alone are computed again, with gradient.
        cosines = ops.relu(
            ops.sum(rows[:, None] * ops.take(rows, neighbors, axis=0), axis=2)
        )
        return neighbors, cosines

    def training_graphs(self):
        """`learned_graphs`, rebuilt only after a call of `begin_epoch`."""

        def rebuild():
            self.graph_is_stale.assign(False)
            graphs = self.learned_graphs()
            for m, (neighbors, weights) in zip(self.modalities, graphs):
                self.graph_neighbors[m].assign(neighbors)
                self.graph_weights[m].assign(ops.stop_gradient(weights))
            return graphs

        def keep():
            return [
                (
                    ops.copy(self.graph_neighbors[m]),
                    ops.copy(self.graph_weights[m]),
                )
                for m in self.modalities
            ]

        return ops.cond(ops.copy(self.graph_is_stale), rebuild, keep)

    def modal_states(self, graphs):
        """Item states behind the item graphs.

        Args:
            graphs: List as `learned_graphs` returns it.

        Returns:
            Tuple: the list of the `Z_m`, and `h`; float tensors of shape
            `(num_items, dim)`.
        """
        views = [
            self.convolve(m, graph, self.num_item_layers)
            for m, graph in zip(self.modalities, graphs)
        ]
        if len(views) == 1:
            return views, views[0]
        stacked = ops.stack(views, axis=1)  # (num_items, modalities, dim)
        return views, ops.sum(self.weigh(stacked) * stacked, axis=1)

    def convolve(self, modality, graph, num_layers):
        """`K_m` taken `num_layers` times to the items' embeddings."""
        share = self.initial_graph_weight
        neighbors, weights = graph
        states = ops.convert_to_tensor(self.item_table)
        for _ in range(num_layers):
            learned = ops.sum(
                weights[:, :, None] * ops.take(states, neighbors, axis=0),
                axis=1,
            )
            initial = sparse_matmul(self.initial_graphs[modality], states)
            states = (1.0 - share) * learned + share * initial
        return states

    def weigh(self, stacked):
        """`softmax_m(query(Z_m))`, `(num_items, modalities, 1)`."""
        return ops.softmax(self.query_logit(self.query_hidden(stacked)), axis=1)

    def fuse(self, fused):
        """Final users and items from `h`."""
        nodes = propagate(self.adjacency, id_states(self), self.num_layers)
        users, items = ops.split(nodes, [self.num_users], axis=0)
        return users, items + l2_normalize(fused)

    def embed_users(self, baskets):
        layers = baskets.once(
            lambda: item_layers(
                self.adjacency,
                id_states(self),
                self.num_layers,
                self.num_users,
            )
        )
        # Each layer is the mean over the node itself and its neighbors.
        sizes = baskets.counts[:, None]
        own = np.zeros((len(sizes), self.embedding_dim), "float32")
        total = own
        for items in layers[:-1]:
            own = (own + sizes * (baskets.mean @ items)) / (sizes + 1.0)
            total = total + own
        return total / (self.num_layers + 1)

    def embed_items(self, features, neighbors):
        share = self.initial_graph_weight
        views = []
        for m in self.modalities:
            initial = neighbors.rows(
                m, features[m], self.num_neighbors, self.initial_graphs[m]
            )
            project = self.projections[m]
            learned = neighbors.rows_among(
                project(self.feature_tables[m]),
                project(features[m]),
                self.num_neighbors,
                np.asarray(_degrees(self.learned_cosines(m)[1])),
            )
            rows = (1.0 - share) * learned + share * initial
            states = self.convolve(
                m, self.learned_graph(m), self.num_item_layers - 1
            )
            views.append(rows @ np.asarray(states))
        stacked = ops.stack(views, axis=1)  # (num_new, modalities, dim)
        return l2_normalize(ops.sum(self.weigh(stacked) * stacked, axis=1))

    def parts(self):
        nodes = propagate(self.adjacency, id_states(self), self.num_layers)
        parts = {"id": split_rows(nodes, self.num_users)}
        views, fused = self.modal_states(self.learned_graphs())
        weights = np.asarray(self.weigh(ops.stack(views, axis=1)))
        # All modalities are divided by the length of their sum, item by item.
        lengths = np.linalg.norm(np.asarray(fused), axis=1, keepdims=True)
        lengths = np.maximum(lengths, 1e-12)
        for n, m in enumerate(self.modalities):
            parts[m] = None, weights[:, n] * np.asarray(views[n]) / lengths
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        views, fused = self.modal_states(self.training_graphs())
        users, items = self.fuse(fused)
        rows = (
            ops.take(users, user_ids, axis=0),
            ops.take(items, positive_item_ids, axis=0),
            ops.take(items, negative_item_ids, axis=0),
        )
        contrast = sum(self.contrast(view, fused) for view in views)
        return {
            "bpr": self.bpr(*rows),
            "l2": self.l2_weight
            * half_squared(*rows, batch_size=self.batch_size),
            "contrast": self.contrastive_weight * contrast,
        }

    def contrast(self, view, fused):
        """`con` of one modality's states with the fused ones.

        Args:
            view: Float tensor of shape `(num_items, dim)`.
            fused: Float tensor of shape `(num_items, dim)`.

        Returns:
            Scalar tensor.
        """
        view, fused = l2_normalize(view), l2_normalize(fused)
        queries = view / self.temperature
        own = ops.mean(ops.sum(queries * fused, axis=1))
        keys = ops.concatenate([view, fused], axis=0)
        denominators = mean_logsumexp(
            queries, keys, self.block_size, bound=1.0 / self.temperature
        )
        return denominators - own


def _degrees(cosines):
    """Row sums of kept cosines; one for a row of zeros."""
    sums = ops.sum(cosines, axis=1)
    return ops.where(sums > 0, sums, ops.ones_like(sums))

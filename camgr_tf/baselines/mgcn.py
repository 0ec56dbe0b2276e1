import numpy as np
from keras import ops

from camgr_tf.baselines.side_contrast import side_contrast_terms
from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.layers import SemanticConvolution
from camgr_tf.layers import split_modalities
from camgr_tf.models.fold_in import id_sources
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.fold_in import split_parts
from camgr_tf.models.fold_in import split_rows
from camgr_tf.models.fold_in import with_zeros
from camgr_tf.models.recommender import Recommender
from camgr_tf.models.shared_rows import all_rows
from camgr_tf.models.shared_rows import own_rows
from camgr_tf.models.subgraph import model_view
from camgr_tf.ops import Adjacency
from camgr_tf.ops import propagate


class MGCN(Recommender):
    """Behavior and purified content on two graphs, fused and contrasted.

    ```
    z_m    = items * sigmoid(gate_m(align_m(F_m)))
    H      = LightGCN of [users; items] on the user-item graph
    C_m    = [R K_m z_m; K_m z_m]
    common = sum_m softmax_m(query(C_m)) C_m               per node
    s_m    = sigmoid(preference_m(H)) * (C_m - common)
    side   = (sum_m s_m + common) / (number of modalities + 1)
    X      = H + side;   score(u, i) = X_u . X_i
    loss   = BPR(X) + l2_weight HALF(X)
             + contrastive_weight [ InfoNCE(side_i, H_i)
                                    + InfoNCE(side_u, H_u) ]
    ```

    `K_m` is the fixed graph of each item's most similar items by the raw
    features, itself included, divided by the roots of both row sums; `R` the
    training matrix divided by the roots of both degrees. Content enters
    through the gates alone; the features `F_m` are trained, starting raw,
    while `K_m` stays. `HALF` is half the squared norms of the batch's final
    embeddings over the configured batch size, InfoNCE the in-batch contrast
    of cosines of users and positive items.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality. With
            one, `common` is its `C_m` and `side` half of that.
        num_layers: Integer. Propagations on the user-item graph; the item
            graph has one. Defaults to `2`.
        num_neighbors: Integer. Similar items, the item itself included.
            Defaults to `10`.
        contrastive_weight: Float. Defaults to `0.01`.
        temperature: Float. Divides the cosines of InfoNCE. Defaults to
            `0.2`.
        l2_weight: Float. Weight of `HALF`. Defaults to `0.0001`.
        batch_size: Integer. Divisor of `HALF`. Defaults to `2048`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If the data set has no modality.

    Example:

    ```python
    from camgr_tf.baselines import MGCN
    from camgr_tf.testing import tiny_dataset

    model = MGCN(tiny_dataset(), num_neighbors=4)
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Yu et al., "Multi-View Graph Convolutional Network for Multimedia
        Recommendation", MM 2023, as released. Departures: similarities below
        zero are cut to zero, and a row of zero features gets no neighbors
        where the released code divides zero by zero.
    """

    samples_neighbors = True
    shares_rows = True
    training_defaults = {
        "learning_rate": 0.001,
        "learning_rate_decay": 0.96,
    }
    search_space = {"contrastive_weight": [0.001, 0.01, 0.1]}

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        num_neighbors=10,
        contrastive_weight=0.01,
        temperature=0.2,
        l2_weight=1e-4,
        batch_size=2048,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not dataset.features:
            raise ValueError(
                "MGCN needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.num_neighbors = num_neighbors
        self.contrastive_weight = contrastive_weight
        self.temperature = temperature
        self.l2_weight = l2_weight
        self.batch_size = batch_size

        # === Graphs ===
        interactions = dataset.interactions
        self.adjacency = bipartite_adjacency(interactions)
        self.user_items = user_item_adjacency(interactions, "symmetric")
        self.item_graphs = {
            m: Adjacency(
                semantic_matrix(
                    features,
                    num_neighbors,
                    normalization="symmetric",
                    cache_dir=cache_folder(),
                )
            )
            for m, features in dataset.features.items()
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
        self.gates = {
            m: self.linear(f"gate_{m}", dim, dim, activation="sigmoid")
            for m in self.modalities
        }
        self.preferences = {
            m: self.linear(f"preference_{m}", dim, dim, activation="sigmoid")
            for m in self.modalities
        }
        self.query_hidden = self.linear(
            "query_hidden", dim, dim, activation="tanh"
        )
        self.query_logit = self.linear("query_logit", dim, 1, use_bias=False)
        self.convolution = SemanticConvolution(name="semantic_convolution")

    def embed(self, training=False):
        nodes = self.encode()
        final = nodes + self.side(nodes, self.modal_states())
        return final[: self.num_users], final[self.num_users :]

    def on_subgraph(self, part):
        # Items that the loss reads, and those of its users, read similar ones.
        return model_view(
            self,
            num_users=part.num_users,
            num_items=part.num_items,
            user_table=part.users(self.user_table),
            item_table=part.items(self.item_table),
            feature_tables={
                m: part.items(table) for m, table in self.feature_tables.items()
            },
            adjacency=part.graph(self.adjacency, "nodes", self.num_layers),
            user_items=part.graph(self.user_items, "user_items", 1),
            item_graphs={
                m: part.graph(graph, "similar", 2)
                for m, graph in self.item_graphs.items()
            },
        )

    def encode(self, rows=None):
        """`H`, the behavior view of all nodes, users first, or of `rows`."""
        return propagate(self.adjacency, id_states(self), self.num_layers, rows)

    def modal_states(self, rows=None):
        """`C_m` of each modality for all nodes, users first, or for `rows`."""
        gated = [self.gated(m) for m in self.modalities]
        # All modalities side by side: one product for all.
        joined = self.convolution(
            gated,
            item_adjacency=[self.item_graphs[m] for m in self.modalities],
            user_item_adjacency=self.user_items,
        )
        if rows is not None:
            joined = ops.take(joined, rows, axis=0)
        return split_modalities(joined, self.modalities)

    def gated(self, modality):
        """`z_m` of all items, `(num_items, embedding_dim)`."""
        features = ops.convert_to_tensor(self.feature_tables[modality])
        return self.item_table * self.gates[modality](
            self.aligners[modality](features)
        )

    def side(self, nodes, modal):
        """`side` of some nodes, each by itself.

        Args:
            nodes: Float tensor of shape `(num_rows, embedding_dim)`, `H`.
            modal: Dictionary from a modality to a tensor of that shape.

        Returns:
            Tensor of that shape.
        """
        common = self.common(modal)
        specific = sum(
            self.preferences[m](nodes) * (c - common) for m, c in modal.items()
        )
        return (specific + common) / (len(modal) + 1)

    def common(self, modal):
        """`common` of some nodes, as `side`."""
        logits = ops.concatenate(
            [self.query_logit(self.query_hidden(c)) for c in modal.values()],
            axis=1,
        )  # (num_rows, num_modalities)
        # `ops.softmax` warns of a single modality.
        weights = ops.exp(logits - ops.logsumexp(logits, axis=1, keepdims=True))
        return sum(
            weights[:, k : k + 1] * c for k, c in enumerate(modal.values())
        )

    def embed_users(self, baskets):
        items, contents = baskets.once(self._sources)
        nodes = ops.convert_to_tensor(baskets.symmetric @ items)
        modal = {
            m: ops.convert_to_tensor(baskets.symmetric @ states)
            for m, states in contents.items()
        }
        return nodes + self.side(nodes, modal)

    def _sources(self):
        contents = self.modal_states().items()
        return id_sources(self), {
            m: split_rows(c, self.num_users)[1] for m, c in contents
        }

    def embed_items(self, features, neighbors):
        modal = {}
        for m in self.modalities:
            rows = neighbors.rows(
                m, features[m], self.num_neighbors, self.item_graphs[m]
            )
            modal[m] = ops.convert_to_tensor(rows @ np.asarray(self.gated(m)))
        nodes = ops.zeros_like(next(iter(modal.values())))
        return self.side(nodes, modal)

    def parts(self):
        nodes, modal = self.encode(), self.modal_states()
        common = self.common(modal) / (len(modal) + 1)
        distinct = self.side(nodes, modal) - common
        return split_parts(
            {"id": nodes, "common": common, "distinct": distinct},
            self.num_users,
        )

    def parts_without(self, modality):
        # Zeros behind the item graph: the query weighs the others anew.
        nodes, modal = self.encode(), with_zeros(self.modal_states(), modality)
        return split_rows(nodes + self.side(nodes, modal), self.num_users)

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        n = self.num_users
        # Behind the graphs each node is by itself: batch rows only.
        rows = ops.concatenate(
            [
                own_rows(user_ids),
                own_rows(positive_item_ids) + n,
                own_rows(negative_item_ids) + n,
            ]
        )
        nodes = self.encode(rows)
        side = self.side(nodes, self.modal_states(rows))
        nodes, side = all_rows(user_ids, nodes, side, groups=3)
        return side_contrast_terms(self, nodes, side)

import numpy as np
from keras import ops

from camgr_tf.graphs import bipartite_matrix
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.models.fold_in import only_columns
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import Adjacency
from camgr_tf.ops import edge_products
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import segment_softmax
from camgr_tf.ops import weighted_matmul

LEAKY_SLOPE = 0.01


class GRCN(Recommender):
    """Content prototypes weigh and prune the edges of an ID graph network.

    ```
    Y = rn(lrelu(Linear(features))),  T = rn(T_m),  X = [T; Y]      per m
    a(s->t) = softmax over the edges into t of X_s . X_t
    O_t     = X_t + sum_{s->t} a(s->t) X_s
    w(s->t) = max(0, max_m a_m(s->t) c(s, m))       c: confidence of source
    z       = z_0 + W z_0 + W W z_0,  z_0 = rn(Z)
    score   = [z || O_image || O_text]_u . [z || O_image || O_text]_i
    loss    = BPR + l2_weight ( mean(Z_u^2 + Z_i^2)
              + sum_m mean(T_m[u]^2) + mean(T_image^2) )
    ```

    `rn` scales rows to unit length. The last mean, over all users, is in
    MMRec's code and not in the authors'; it is kept, for the image if there
    is one.

    In the released codes the routing of prototypes does nothing: its
    messages reach items, and users are merely scaled again. This is the
    default. `route_prototypes` does what the paper says, in our reading:
    `num_routings` times `T_u <- rn(T_u + sum_i softmax_i(T_u . Y_i) Y_i)`
    over the user's items.

    Args:
        dataset: `camgr_tf.data.Dataset`. Features are used raw.
        route_prototypes: Boolean. Defaults to `False`.
        num_routings: Integer. Without effect unless `route_prototypes`.
            Defaults to `3`.
        l2_weight: Float. Defaults to `1e-4`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Example:

    ```python
    from camgr_tf.baselines import GRCN
    from camgr_tf.testing import tiny_dataset

    model = GRCN(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Wei et al., "Graph-Refined Convolutional Network", ACM MM 2020, as
        the MMRec code computes it.
    """

    training_defaults = {"learning_rate": 1e-4}
    search_space = {
        "learning_rate": [1.0, 1e-1, 1e-2, 1e-3, 1e-4],
        "l2_weight": [1e-1, 1e-2, 1e-3, 1e-4, 1e-5],
    }

    def __init__(
        self,
        dataset,
        *,
        route_prototypes=False,
        num_routings=3,
        l2_weight=1e-4,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.modalities = list(dataset.features)
        self.route_prototypes = route_prototypes
        self.num_routings = num_routings
        self.l2_weight = l2_weight

        # Both directions of each edge; as many from users as from items.
        self.adjacency = Adjacency(bipartite_matrix(dataset.interactions))
        self.user_items = user_item_adjacency(dataset.interactions)
        self.features = {
            m: ops.convert_to_tensor(dataset.features[m])
            for m in self.modalities
        }

        # === Layers ===
        num_nodes = self.num_users + self.num_items
        self.id_table = self._normal_table(
            "id_embeddings", num_nodes, embedding_dim
        )
        self.confidences = self._normal_table(
            "confidences", num_nodes, len(self.modalities)
        )
        self.user_tables = {
            m: self._normal_table(f"{m}_users", self.num_users, embedding_dim)
            for m in self.modalities
        }
        self.projections = {
            m: self.linear(
                f"{m}_projection",
                dataset.features[m].shape[1],
                embedding_dim,
                "xavier_normal",
            )
            for m in self.modalities
        }

    def _normal_table(self, name, rows, columns):
        return self.table(name, (rows, columns), "xavier_normal")

    def embed(self, training=False):
        contents, attentions = zip(*(self.content(m) for m in self.modalities))
        identity = self.propagate_ids(self.edge_weights(attentions))
        states = ops.concatenate([identity, *contents], axis=1)
        return ops.split(states, [self.num_users], axis=0)

    def content(self, modality):
        """One modality's states and the attention that made them.

        Args:
            modality: String.

        Returns:
            Tuple of tensors `(num_nodes, dim)`, `O` of the formula, and
            `(num_edges,)`, in the order of `self.adjacency`.
        """
        items = self.project(modality, self.features[modality])
        users = l2_normalize(self.user_tables[modality])
        if self.route_prototypes:
            users = self.route(users, items)
        # The adjacency lists the edges into users first, then, item by item,
        # those into items; both ends have the same product.
        products = edge_products(self.user_items, users, items)
        logits = ops.concatenate(
            [products, ops.take(products, self.user_items.permutation)]
        )
        attention = segment_softmax(
            logits, self.adjacency.targets, self.adjacency.shape[0]
        )
        states = ops.concatenate([users, items], axis=0)
        return (
            states + weighted_matmul(self.adjacency, attention, states),
            attention,
        )

    def project(self, modality, features):
        """`Y` of some items, `(num_rows, dim)`."""
        return l2_normalize(
            ops.leaky_relu(
                self.projections[modality](ops.convert_to_tensor(features)),
                negative_slope=LEAKY_SLOPE,
            )
        )

    def route(self, users, items):
        """Prototypes drawn to the content of the user's items."""
        graph = self.user_items
        for _ in range(self.num_routings):
            attention = segment_softmax(
                edge_products(graph, users, items),
                graph.targets,
                graph.shape[0],
            )
            users = l2_normalize(
                users + weighted_matmul(graph, attention, items)
            )
        return users

    def edge_weights(self, attentions):
        """`w` of all edges, `(num_edges,)`; zero where an edge is pruned."""
        confidences = ops.take(self.confidences, self.adjacency.sources, axis=0)
        weighted = ops.stack(attentions, axis=1) * confidences
        return ops.relu(ops.max(weighted, axis=1))

    def propagate_ids(self, edge_weights):
        """`z` of all nodes, `(num_nodes, dim)`."""
        states = l2_normalize(self.id_table)
        total = states
        for _ in range(2):
            states = weighted_matmul(self.adjacency, edge_weights, states)
            total = total + states
        return total

    def embed_users(self, baskets):
        sources, confidences, contents = baskets.once(self._sources)
        parts, attentions = zip(
            *(self._basket_content(baskets, items) for items in contents)
        )
        trusted = np.stack(attentions, axis=1) * confidences[baskets.items]
        edges = baskets.matrix(np.maximum(trusted.max(axis=1), 0.0))
        return np.concatenate([edges @ sources, *parts], axis=1)

    def _sources(self):
        _, attentions = zip(*(self.content(m) for m in self.modalities))
        states = l2_normalize(ops.convert_to_tensor(self.id_table))
        spread = weighted_matmul(
            self.adjacency, self.edge_weights(attentions), states
        )
        # A user whose own state is zero receives twice: the items' states
        # before and after the first product.
        return (
            np.asarray(states + spread)[self.num_users :],
            np.asarray(self.confidences)[self.num_users :],
            [np.asarray(self.project(m, f)) for m, f in self.features.items()],
        )

    def _basket_content(self, baskets, items):
        """States in one modality and the attention over baskets' edges."""
        num_baskets = len(baskets.counts)

        def attend(own):
            products = np.sum(own[baskets.rows] * items[baskets.items], axis=1)
            return np.asarray(
                segment_softmax(products, baskets.rows, num_baskets)
            )

        own = np.zeros((num_baskets, items.shape[1]), "float32")
        if self.route_prototypes:
            for _ in range(self.num_routings):
                routed = own + baskets.matrix(attend(own)) @ items
                own = np.asarray(l2_normalize(routed))
        weights = attend(own)
        return own + baskets.matrix(weights) @ items, weights

    def embed_items(self, features, neighbors):
        contents = [self.project(m, features[m]) for m in self.modalities]
        return ops.concatenate([ops.zeros_like(contents[0]), *contents], axis=1)

    def parts(self):
        users, items = (np.asarray(v) for v in self.embed())
        parts = {}
        for n, name in enumerate(("id", *self.modalities)):
            own = slice(n * self.embedding_dim, (n + 1) * self.embedding_dim)
            parts[name] = only_columns(users, own), only_columns(items, own)
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        terms = super().loss_terms(
            user_ids, positive_item_ids, negative_item_ids
        )
        item_ids = ops.concatenate([positive_item_ids, negative_item_ids])
        penalty = _mean_square(self.id_table, user_ids)
        penalty = penalty + _mean_square(
            self.id_table, self.num_users + item_ids
        )
        for table in self.user_tables.values():
            penalty = penalty + _mean_square(table, user_ids)
        if "image" in self.user_tables:
            penalty = penalty + ops.mean(ops.square(self.user_tables["image"]))
        return {**terms, "l2": self.l2_weight * penalty}


def _mean_square(table, row_ids):
    return ops.mean(ops.square(ops.take(table, row_ids, axis=0)))

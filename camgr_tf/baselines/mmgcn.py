from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import sparse_matmul

LEAKY_SLOPE = 0.01


class MMGCN(Recommender):
    """One graph network per modality, tied by shared ID embeddings.

    ```
    Y   = Linear(features) if the modality is projected, else features
    X_0 = rows of [T_m; Y] scaled to unit length
    H_k = lrelu( P X_{k-1} C_k )                   P: mean over neighbors
    J_k = lrelu( Linear_a(X_{k-1}) ) + Z
    X_k = lrelu( Linear_b([H_k || J_k]) )
    X   = mean over modalities of the last X_k,  score = X_u . X_i
    loss = BPR + l2_weight ( mean(Z_u^2 + Z_i^2) + mean(T_image^2) )
    ```

    In the released codes, the authors' and MMRec's, `Z` and the users'
    tables `T_m` are no registered parameters: they keep their random initial
    values, and `l2_weight` changes no gradient. This is the default, since
    published results come from it. `train_ids` trains both, as the paper
    has it; that is another model and to be reported as such.

    The released codes project the image alone, because it is wide; any
    modality not named in `projected_modalities` enters with its own width.
    Only the image's table is in the penalty, if there is an image.

    Args:
        dataset: `camgr_tf.data.Dataset`. Features are used raw.
        num_layers: Integer. Defaults to `3`.
        projected_modalities: Sequence of strings, or a string with commas.
            Modalities that a linear layer brings to `projection_dim`.
            Defaults to `("image",)`.
        projection_dim: Integer. Defaults to `256`.
        l2_weight: Float. Without effect on training unless `train_ids`.
            Defaults to `1e-4`.
        train_ids: Boolean. Whether `Z` and `T_m` are trained. Defaults to
            `False`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Reference:
        Wei et al., "MMGCN", ACM MM 2019, as the MMRec code computes it.
    """

    training_defaults = {"learning_rate": 0.001}
    # The grid of `l2_weight` is one point as long as nothing is regularized.
    search_space = {"learning_rate": [1e-4, 5e-4, 1e-3, 5e-3, 1e-2]}

    def __init__(
        self,
        dataset,
        *,
        num_layers=3,
        projected_modalities=("image",),
        projection_dim=256,
        l2_weight=1e-4,
        train_ids=False,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if num_layers < 1:
            raise ValueError(
                "`num_layers` must be positive. "
                f"Received: num_layers={num_layers}"
            )
        if isinstance(projected_modalities, str):
            projected_modalities = projected_modalities.split(",")
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.projected_modalities = tuple(projected_modalities)
        self.projection_dim = projection_dim
        self.l2_weight = l2_weight
        self.train_ids = train_ids

        self.adjacency = bipartite_adjacency(dataset.interactions, "row")
        self.features = {
            m: ops.convert_to_tensor(dataset.features[m])
            for m in self.modalities
        }

        # === Layers ===
        self.id_table = self._frozen_table(
            "id_embeddings", self.num_users + self.num_items, embedding_dim
        )
        self.projections = {}
        self.user_tables = {}
        self.convolutions = {}
        self.id_layers = {}
        self.output_layers = {}
        for m in self.modalities:
            width = dataset.features[m].shape[1]
            if m in self.projected_modalities:
                self.projections[m] = self.linear(
                    f"{m}_projection", width, projection_dim
                )
                width = projection_dim
            self.user_tables[m] = self._frozen_table(
                f"{m}_users", self.num_users, width
            )
            self._build_branch(m, width)

    def _frozen_table(self, name, rows, columns):
        return self.table(
            name, (rows, columns), "xavier_normal", trainable=self.train_ids
        )

    def _build_branch(self, m, width):
        dim = self.embedding_dim
        for k in range(self.num_layers):
            name = f"{m}_{k}"
            self.convolutions[name] = self.table(
                f"{name}_convolution", (width, width), "xavier_normal"
            )
            self.id_layers[name] = self.linear(
                f"{name}_id_layer", width, dim, "xavier_normal"
            )
            # The reference code re-initializes the first of these alone.
            self.output_layers[name] = self.linear(
                f"{name}_output",
                width + dim,
                dim,
                "xavier_normal" if k == 0 else "torch",
            )
            width = dim

    def embed(self, training=False):
        states = sum(self.branch(m) for m in self.modalities)
        states = states / len(self.modalities)
        return states[: self.num_users], states[self.num_users :]

    def branch(self, modality):
        """Last states of all nodes in one modality, `(num_nodes, dim)`."""
        items = self.features[modality]
        if modality in self.projections:
            items = self.projections[modality](items)
        states = l2_normalize(
            ops.concatenate([self.user_tables[modality], items], axis=0)
        )
        for k in range(self.num_layers):
            name = f"{modality}_{k}"
            neighbors = _leaky_relu(
                sparse_matmul(self.adjacency, states @ self.convolutions[name])
            )
            own = _leaky_relu(self.id_layers[name](states)) + self.id_table
            states = _leaky_relu(
                self.output_layers[name](
                    ops.concatenate([neighbors, own], axis=1)
                )
            )
        return states

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        terms = super().loss_terms(
            user_ids, positive_item_ids, negative_item_ids
        )
        users = ops.take(self.id_table, user_ids, axis=0)
        items = ops.take(
            self.id_table,
            self.num_users
            + ops.concatenate([positive_item_ids, negative_item_ids]),
            axis=0,
        )
        penalty = ops.mean(users * users) + ops.mean(items * items)
        if "image" in self.user_tables:
            penalty = penalty + ops.mean(ops.square(self.user_tables["image"]))
        return {**terms, "l2": self.l2_weight * penalty}


def _leaky_relu(x):
    return ops.leaky_relu(x, negative_slope=LEAKY_SLOPE)

import numpy as np
from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.losses import info_nce
from camgr_tf.models.fold_in import item_sources
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import propagate


class SLMRec(Recommender):
    """LightGCN per modality, fused linearly, with contrast between modalities.

    ```
    M_id = V,   M_m = Linear_m(features_m / ||features_m||)
    G_m  = mean over layers of [E; M_m] on the user-item graph, m = id, ...
    X_u  = Linear_u([G_id || G_image || G_text])    X_i likewise
    main = CE( cos(X_u, X_i) / temperature )           over the batch
    a = g1(G_id),  b = g2(G_image),  q = g4(g3(a)),  r = g5(G_text)
    loss = main + contrastive_weight ( CE(a b^T / contrastive_temperature)
                                     + CE(q r^T / contrastive_temperature) )
    ```

    `E` starts the propagation of all modalities. The other items of the
    batch are the negatives, so that sampled negatives are not read; a user
    or item that repeats in a batch is its own negative, as in the reference
    code. Training compares cosines, ranking plain products; both are the
    reference code's. That code ranks by the sigmoid of the product, which
    has the same order until float32 ends at 1: here scores are the products.

    Weight decay is PyTorch's, added to the gradient of every weight, and
    belongs to the optimizer: `coupled_weight_decay`.

    With modalities other than image and text: the coarse alignment (`q`,
    `r`) is with `"text"`, else with the last modality; each of the others
    is aligned finely by layers of its own and `g1`, and the terms are
    summed. A single modality is aligned finely.

    Args:
        dataset: `camgr_tf.data.Dataset`. Features stay as they are, rows
            scaled to unit length.
        num_layers: Integer. Defaults to `3`.
        temperature: Float. Of the main term. Defaults to `0.2`.
        contrastive_weight: Float. Of the alignment of modalities. Defaults
            to `0.1`.
        contrastive_temperature: Float. Of that alignment. Defaults to `0.2`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Example:

    ```python
    from camgr_tf.baselines import SLMRec
    from camgr_tf.testing import tiny_dataset

    model = SLMRec(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Tao et al., "Self-supervised Learning for Multimedia Recommendation",
        IEEE TMM 2022, task "FAC", as the MMRec code computes it.
    """

    training_defaults = {"learning_rate": 0.01, "coupled_weight_decay": 1e-4}
    search_space = {
        "learning_rate": [1e-4, 1e-3, 1e-2, 1e-1],
        "contrastive_temperature": [0.1, 0.2, 0.5, 1.0],
        "contrastive_weight": [0.01, 0.05, 0.1, 0.5, 1.0],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=3,
        temperature=0.2,
        contrastive_weight=0.1,
        contrastive_temperature=0.2,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.temperature = temperature
        self.contrastive_weight = contrastive_weight
        self.contrastive_temperature = contrastive_temperature
        self.coarse_modality = None
        if len(self.modalities) > 1:
            self.coarse_modality = (
                "text" if "text" in self.modalities else self.modalities[-1]
            )

        self.adjacency = bipartite_adjacency(dataset.interactions)
        self.features = {
            m: l2_normalize(ops.convert_to_tensor(dataset.features[m]))
            for m in self.modalities
        }

        # === Layers ===
        dim = embedding_dim
        self.user_table = self.table("user_embeddings", (self.num_users, dim))
        self.item_table = self.table("item_embeddings", (self.num_items, dim))
        self.projections = {
            m: self._xavier(
                f"{m}_projection", dataset.features[m].shape[1], dim
            )
            for m in self.modalities
        }
        joined_dim = dim * (1 + len(self.modalities))
        self.user_fusion = self._xavier("user_fusion", joined_dim, dim)
        self.item_fusion = self._xavier("item_fusion", joined_dim, dim)
        self.id_alignment = self._xavier("id_alignment", dim, dim)
        self.alignments = {
            m: self._xavier(f"{m}_alignment", dim, dim)
            for m in self.modalities
            if m != self.coarse_modality
        }
        if self.coarse_modality is not None:
            coarse_dim = max(1, dim // 2)
            self.coarse_hidden = self._xavier("coarse_hidden", dim, dim)
            self.coarse_query = self._xavier("coarse_query", dim, coarse_dim)
            self.coarse_key = self._xavier("coarse_key", dim, coarse_dim)

    def embed(self, training=False):
        users, items = self.propagated_states()
        return self.user_fusion(users), self.item_fusion(items)

    def propagated_states(self):
        """`[G_id || G_m ...]`, `(num_rows, (1 + modalities) * dim)` each."""
        states = propagate(self.adjacency, self.start(), self.num_layers)
        return ops.split(states, [self.num_users], axis=0)

    def start(self):
        """What is propagated, `(num_nodes, (1 + modalities) * dim)`."""
        contents = [
            self.projections[m](self.features[m]) for m in self.features
        ]
        items = ops.concatenate([self.item_table, *contents], axis=1)
        users = ops.tile(self.user_table, (1, 1 + len(contents)))
        return ops.concatenate([users, items], axis=0)

    def embed_users(self, baskets):
        items = baskets.once(
            lambda: item_sources(
                self.adjacency, self.start(), self.num_layers, self.num_users
            )
        )
        return self.user_fusion(baskets.symmetric @ items)

    def embed_items(self, features, neighbors):
        contents = [
            self.projections[m](
                l2_normalize(ops.convert_to_tensor(features[m]))
            )
            for m in self.modalities
        ]
        states = ops.concatenate(
            [ops.zeros_like(contents[0]), *contents], axis=1
        )
        # No neighbors: of the mean over layers the first alone is not zero.
        return self.item_fusion(states / (self.num_layers + 1))

    def parts(self):
        names = ("id", *self.modalities)

        def summands(states, layer):
            blocks = np.split(np.asarray(states), len(names), axis=1)
            kernels = np.split(np.asarray(layer.kernel), len(names), axis=0)
            bias = np.tile(np.asarray(layer.bias), (len(blocks[0]), 1))
            return [*(b @ k for b, k in zip(blocks, kernels)), bias]

        users, items = self.propagated_states()
        both = zip(
            summands(users, self.user_fusion), summands(items, self.item_fusion)
        )
        return dict(zip((*names, "bias"), both))

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        users, items = self.propagated_states()
        users = ops.take(users, user_ids, axis=0)
        items = ops.take(items, positive_item_ids, axis=0)
        return {
            "softmax": info_nce(
                self.user_fusion(users),
                self.item_fusion(items),
                self.temperature,
            ),
            "contrast": self.contrastive_weight * self.alignment(items),
        }

    def alignment(self, items):
        """Contrast of the ID states with each modality's, in the batch.

        Args:
            items: Float tensor of shape `(batch, (1 + modalities) * dim)`.

        Returns:
            Scalar tensor.
        """
        identity, *contents = ops.split(items, 1 + len(self.modalities), axis=1)
        contents = dict(zip(self.modalities, contents))
        queries = self.id_alignment(identity)
        total = sum(
            self._contrast(queries, layer(contents[m]))
            for m, layer in self.alignments.items()
        )
        if self.coarse_modality is not None:
            total = total + self._contrast(
                self.coarse_query(self.coarse_hidden(queries)),
                self.coarse_key(contents[self.coarse_modality]),
            )
        return total

    def _contrast(self, queries, keys):
        return info_nce(
            queries, keys, self.contrastive_temperature, normalize=False
        )

    def _xavier(self, name, input_dim, units):
        return self.linear(name, input_dim, units, "xavier_uniform")

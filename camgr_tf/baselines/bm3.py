import keras
from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.losses import frobenius
from camgr_tf.models.fold_in import id_sources
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.recommender import Recommender
from camgr_tf.ops import HostSeedGenerator
from camgr_tf.ops import l2_normalize
from camgr_tf.ops import propagate


class BM3(Recommender):
    """Bootstrapped views of users, items and modalities, without negatives.

    ```
    [H_u; G_i] = LightGCN of [users; items];   H_i = G_i + items
    M_m        = F_m W_m + b_m
    t(X)       = stop_gradient(dropout(X)),    p(X) = X W + b
    d(x, y)    = 1 - mean cosine(x, y)
    rec        = d(p(H_u), t(H_i)) + d(p(H_i), t(H_u))
    mod        = sum_m d(p(M_m), t(H_i)) + d(p(M_m), t(M_m))
    loss       = rec + contrastive_weight mod + l2_weight FROB(H_u, H_i)
    score      = p(H_u) . p(H_i)
    ```

    `rec` and `mod` are taken on the batch's users and positive items; the
    negative items are never read. A step draws one dropout mask for each
    matrix: an item that occurs twice has the same target, and the target of
    `H_i` is the same in `rec` and `mod`. `FROB` is the sum of the plain,
    unsquared Frobenius norms over all users and all items, divided by the
    number of items. The features `F_m` are trained, starting raw.

    Args:
        dataset: `camgr_tf.data.Dataset`. Any number of modalities: `mod` has
            two terms for each.
        num_layers: Integer. Propagations. Defaults to `1`.
        dropout: Float in `[0, 1)`. Rate of all targets. Defaults to `0.5`.
        contrastive_weight: Float. The authors' beta. Defaults to `2.0`.
        l2_weight: Float. Weight of `FROB`. Defaults to `0.1`.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If `dropout` is not in `[0, 1)`.

    Example:

    ```python
    from camgr_tf.baselines import BM3
    from camgr_tf.testing import tiny_dataset

    model = BM3(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Zhou et al., "Bootstrap Latent Representations for Multi-modal
        Recommendation", WWW 2023. As in MMRec: `1 - cosine` where the
        publication has `-cosine`, and the unsquared norm. The defaults are
        the authors' best for Baby; for Clothing none is known.
    """

    ids_alone = True
    training_defaults = {"learning_rate": 0.001}
    presets = {
        "baby": {"num_layers": 1, "dropout": 0.5, "l2_weight": 0.1},
        "sports": {"num_layers": 1, "dropout": 0.5, "l2_weight": 0.01},
        "electronics": {"num_layers": 2, "dropout": 0.3, "l2_weight": 0.1},
    }
    search_space = {
        "num_layers": [1, 2],
        "dropout": [0.3, 0.5],
        "l2_weight": [0.1, 0.01],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=1,
        dropout=0.5,
        contrastive_weight=2.0,
        l2_weight=0.1,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"`dropout` must be in [0, 1). Received: dropout={dropout}"
            )
        self.modalities = list(dataset.features)
        self.num_layers = num_layers
        self.dropout = dropout
        self.contrastive_weight = contrastive_weight
        self.l2_weight = l2_weight
        self.adjacency = bipartite_adjacency(dataset.interactions)
        self.user_table = self.table(
            "user_embeddings", (self.num_users, embedding_dim)
        )
        self.item_table = self.table(
            "item_embeddings", (self.num_items, embedding_dim)
        )
        self.feature_tables = {
            m: self.table(f"{m}_features", values.shape, values)
            for m, values in dataset.features.items()
        }
        self.projections = {
            m: self.linear(
                f"projection_{m}",
                table.shape[1],
                embedding_dim,
                "xavier_normal",
            )
            for m, table in self.feature_tables.items()
        }
        self.predictor = self.linear(
            "predictor", embedding_dim, embedding_dim, "xavier_normal"
        )
        # Without a name it is numbered by process, and a run resumed in the
        # same process would not find its state again.
        self.dropout_seeds = HostSeedGenerator(
            self.next_seed(), name="dropout_seeds"
        )

    def embed(self, training=False):
        users, items = self.encode()
        return self.predictor(users), self.predictor(items)

    def encode(self):
        """`H_u` and `H_i`, the states before the predictor."""
        states = propagate(self.adjacency, id_states(self), self.num_layers)
        users, items = ops.split(states, [self.num_users], axis=0)
        return users, items + self.item_table

    def embed_users(self, baskets):
        items = baskets.once(lambda: id_sources(self))
        return self.predictor(baskets.symmetric @ items)

    def embed_items(self, features, neighbors):
        # Scores leave the features out: what remains is a bias.
        num_new = len(next(iter(features.values())))
        return self.predictor(ops.zeros((num_new, self.embedding_dim)))

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        all_users, all_items = self.encode()
        users = ops.take(all_users, user_ids, axis=0)
        items = ops.take(all_items, positive_item_ids, axis=0)
        user_targets = self.target(users, user_ids, self.num_users)
        item_targets = self.target(items, positive_item_ids, self.num_items)
        reconstruction = distance(
            self.predictor(users), item_targets
        ) + distance(self.predictor(items), user_targets)
        contrast = ops.zeros_like(reconstruction)
        for m in self.modalities:
            # Projecting the batch's items alone gives the same values.
            content = self.projections[m](
                ops.take(self.feature_tables[m], positive_item_ids, axis=0)
            )
            targets = self.target(content, positive_item_ids, self.num_items)
            predictions = self.predictor(content)
            contrast = (
                contrast
                + distance(predictions, item_targets)
                + distance(predictions, targets)
            )
        return {
            "reconstruction": reconstruction,
            "contrastive": self.contrastive_weight * contrast,
            "l2": self.l2_weight * frobenius(all_users, all_items),
        }

    def target(self, states, ids, num_rows):
        """Dropped-out rows of a matrix, without gradient.

        Args:
            states: Float tensor of shape `(batch, embedding_dim)`.
            ids: int32 tensor of shape `(batch,)`, the rows that they are.
            num_rows: Integer. Rows of the matrix that they come from; equal
                ids are given the same mask.

        Returns:
            Tensor of the shape of `states`.
        """
        ones = ops.ones((num_rows, self.embedding_dim), states.dtype)
        masks = keras.random.dropout(
            ones, self.dropout, seed=self.dropout_seeds
        )
        return ops.stop_gradient(states * ops.take(masks, ids, axis=0))


def distance(predictions, targets):
    """One minus the mean cosine of matching rows.

    Args:
        predictions: Float tensor of shape `(batch, dim)`.
        targets: Float tensor of shape `(batch, dim)`.

    Returns:
        Scalar tensor. A row of zeros counts as orthogonal.
    """
    cosines = l2_normalize(predictions, 1e-8) * l2_normalize(targets, 1e-8)
    return 1.0 - ops.mean(ops.sum(cosines, axis=1))

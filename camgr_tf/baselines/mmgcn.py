import keras
import numpy as np
from keras import ops

from camgr_tf.graphs import item_user_adjacency
from camgr_tf.graphs import user_item_adjacency
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

    What the untrained tables contribute is computed by `begin_epoch`, once
    for all steps of an epoch; `embed` reads the tables themselves.

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

    Example:

    ```python
    from camgr_tf.baselines import MMGCN
    from camgr_tf.testing import tiny_dataset

    model = MMGCN(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

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

        # The two halves of `P`: the graph has no other edges.
        self.user_items = user_item_adjacency(dataset.interactions)
        self.item_users = item_user_adjacency(dataset.interactions)
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
        self.constants = _Constants()
        self.begin_epoch()

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
        return self.fuse(self.branch(m) for m in self.modalities)

    def fuse(self, branches):
        """The mean of all branches, users and items apart."""
        users, items = zip(*branches)
        return sum(users) / len(users), sum(items) / len(items)

    def user_start(self, modality):
        """The users' `X_0` in one modality and the items' mean of it."""
        users = l2_normalize(ops.convert_to_tensor(self.user_tables[modality]))
        return users, sparse_matmul(self.item_users, users)

    def item_start(self, modality, features):
        """`X_0` of some items in one modality, `(num_rows, width)`."""
        features = ops.convert_to_tensor(features)
        if modality in self.projections:
            features = self.projections[modality](features)
        return l2_normalize(features)

    def begin_epoch(self, epoch=0):
        # Untrained tables change only when weights are loaded, which is
        # between epochs.
        if not self.train_ids:
            for m in self.modalities:
                self.constants.assign(m, self.user_start(m))

    def branch(self, modality, start=None, user_ids=None, item_ids=None):
        """Last states in one modality.

        Args:
            modality: String.
            start: Tuple of tensors, what `user_start` returns. Defaults to
                `None`: computed from the current weights.
            user_ids: int32 tensor. The users whose last states are asked
                for. Defaults to `None`: all.
            item_ids: int32 tensor, likewise. Defaults to `None`: all.

        Returns:
            Tuple of tensors `(num_rows, dim)`, of users and of items.
        """
        items = self.item_start(modality, self.features[modality])
        users, from_users = start or self.user_start(modality)
        user_ids_table, item_ids_table = ops.split(
            ops.convert_to_tensor(self.id_table), [self.num_users], axis=0
        )
        for k in range(self.num_layers):
            name = f"{modality}_{k}"
            if k > 0:
                from_users = sparse_matmul(self.item_users, users)
            kernel = ops.convert_to_tensor(self.convolutions[name])
            # P (X C) = (P X) C: the dense product is with items' rows both
            # times, of which there are fewer than users'.
            to_users = sparse_matmul(self.user_items, items @ kernel)
            to_items = from_users @ kernel
            users = users, to_users, user_ids_table
            items = items, to_items, item_ids_table
            if k == self.num_layers - 1:
                users = _rows(users, user_ids)
                items = _rows(items, item_ids)
            users = self.combine(name, *users)
            items = self.combine(name, *items)
        return users, items

    def combine(self, name, states, gathered, ids):
        """`X_k` of some nodes from their own and their neighbors' states."""
        own = _leaky_relu(self.id_layers[name](states)) + ids
        layer = self.output_layers[name]
        # [H || J] W without the concatenation.
        neighbor_kernel, own_kernel = ops.split(
            ops.convert_to_tensor(layer.kernel), [gathered.shape[1]], axis=0
        )
        return _leaky_relu(
            _leaky_relu(gathered) @ neighbor_kernel
            + own @ own_kernel
            + layer.bias
        )

    def embed_users(self, baskets):
        messages = baskets.once(
            lambda: {m: self._item_messages(m) for m in self.modalities}
        )
        total = 0.0
        for m in self.modalities:
            width = messages[m][0].shape[1]
            own = ops.zeros((len(baskets.counts), width))
            for k, items in enumerate(messages[m]):
                gathered = ops.convert_to_tensor(baskets.mean @ items)
                own = self.combine(f"{m}_{k}", own, gathered, 0.0)
            total = total + own
        return total / len(self.modalities)

    def _item_messages(self, modality):
        """What a user gets from each item, layer by layer."""
        items = self.item_start(modality, self.features[modality])
        users, _ = self.user_start(modality)
        user_ids, item_ids = ops.split(
            ops.convert_to_tensor(self.id_table), [self.num_users], axis=0
        )
        messages = []
        for k in range(self.num_layers):
            name = f"{modality}_{k}"
            kernel = ops.convert_to_tensor(self.convolutions[name])
            to_users = items @ kernel
            messages.append(np.asarray(to_users))
            to_items = sparse_matmul(self.item_users, users @ kernel)
            gathered = sparse_matmul(self.user_items, to_users)
            users = self.combine(name, users, gathered, user_ids)
            items = self.combine(name, items, to_items, item_ids)
        return messages

    def embed_items(self, features, neighbors):
        total = 0.0
        for m in self.modalities:
            states = self.item_start(m, features[m])
            for k in range(self.num_layers):
                name = f"{m}_{k}"
                width = self.convolutions[name].shape[1]
                nothing = ops.zeros((len(states), width))
                states = self.combine(name, states, nothing, 0.0)
            total = total + states
        return total / len(self.modalities)

    def parts(self):
        scale = 1.0 / len(self.modalities)
        return {
            m: tuple(scale * np.asarray(v) for v in self.branch(m))
            for m in self.modalities
        }

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        item_ids = ops.concatenate([positive_item_ids, negative_item_ids])
        users, items = self.fuse(
            self.branch(m, self.constants.get(m), user_ids, item_ids)
            for m in self.modalities
        )
        positive_items, negative_items = ops.split(items, 2, axis=0)
        id_users = ops.take(self.id_table, user_ids, axis=0)
        id_items = ops.take(self.id_table, self.num_users + item_ids, axis=0)
        penalty = ops.mean(id_users * id_users) + ops.mean(id_items * id_items)
        if "image" in self.user_tables:
            penalty = penalty + ops.mean(ops.square(self.user_tables["image"]))
        return {
            "bpr": self.bpr(users, positive_items, negative_items),
            "l2": self.l2_weight * penalty,
        }


class _Constants:
    """Tensors by name that training reads and that are no weights.

    They follow from weights; an attribute of the model itself would be
    saved with them.
    """

    def __init__(self):
        self._variables = {}

    def get(self, name):
        """The tensors of that name, or `None`."""
        variables = self._variables.get(name)
        return variables and tuple(v.value for v in variables)

    def assign(self, name, tensors):
        if name not in self._variables:
            self._variables[name] = [
                keras.Variable(tensor, trainable=False) for tensor in tensors
            ]
        for variable, tensor in zip(self._variables[name], tensors):
            variable.assign(tensor)


def _rows(tensors, row_ids):
    if row_ids is None:
        return tensors
    return [ops.take(tensor, row_ids, axis=0) for tensor in tensors]


def _leaky_relu(x):
    return ops.leaky_relu(x, negative_slope=LEAKY_SLOPE)

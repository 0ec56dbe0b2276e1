import numpy as np
from keras import ops

from camgr_tf.losses import frobenius
from camgr_tf.models.fold_in import only_columns
from camgr_tf.models.recommender import Recommender


class VBPR(Recommender):
    """Matrix factorization with a second half from the items' content.

    ```
    c_i         = F_i W + b
    h_i         = [v_i || c_i]
    score(u, i) = g_u . h_i
    loss        = BPR + l2_weight FROB(g_u, h_i, h_j)
    ```

    `F_i` is the raw features of all modalities side by side: text first,
    then the others in the order of `dataset.features`. They are neither
    scaled nor trained, so with unscaled network activations the first loss
    may lie far above `log(2)`. `FROB` sums the plain, unsquared Frobenius
    norms of the batch's matrices, the projected half included; `W` and `b`
    themselves are not regularized.

    Args:
        dataset: `camgr_tf.data.Dataset` with at least one modality.
        l2_weight: Float. Weight of `FROB`. Defaults to `0.1`.
        embedding_dim: Integer. Width of the ID half and of the content half;
            the embeddings are twice as wide. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Raises:
        ValueError: If the data set has no modality.

    Example:

    ```python
    from camgr_tf.baselines import VBPR
    from camgr_tf.testing import tiny_dataset

    model = VBPR(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        He and McAuley, "VBPR", AAAI 2016. As in MMRec: all modalities where
        the publication has the image alone, no offset and biases, and the
        norm of batch rows where the publication squares all parameters.
    """

    training_defaults = {"learning_rate": 0.001}
    search_space = {"l2_weight": [2.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5]}

    def __init__(self, dataset, *, l2_weight=0.1, embedding_dim=64, seed=0):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        if not dataset.features:
            raise ValueError(
                "VBPR needs item features. "
                f"Received: dataset {dataset.name!r} without modalities"
            )
        self.l2_weight = l2_weight
        # The sort is stable: it moves the text and nothing else.
        self.modalities = sorted(dataset.features, key=lambda m: m != "text")
        self.widths = [dataset.features[m].shape[1] for m in self.modalities]
        self.features = ops.convert_to_tensor(
            np.concatenate(
                [dataset.features[m] for m in self.modalities], axis=1
            )
        )
        self.user_table = self.table(
            "user_embeddings", (self.num_users, 2 * embedding_dim)
        )
        self.item_table = self.table(
            "item_embeddings", (self.num_items, embedding_dim)
        )
        self.projection = self.linear(
            "projection",
            self.features.shape[1],
            embedding_dim,
            "xavier_normal",
            bias_initializer="zeros",
        )

    def embed(self, training=False):
        items = ops.concatenate(
            [self.item_table, self.projection(self.features)], axis=1
        )
        return ops.convert_to_tensor(self.user_table), items

    def embed_items(self, features, neighbors):
        joined = ops.concatenate([features[m] for m in self.modalities], axis=1)
        content = self.projection(joined)
        return ops.concatenate([ops.zeros_like(content), content], axis=1)

    def parts(self):
        users, items = (np.asarray(v) for v in self.embed())
        dim = self.embedding_dim
        identity, content = slice(0, dim), slice(dim, None)
        parts = {
            "id": (
                only_columns(users, identity),
                only_columns(items, identity),
            ),
            "content": (only_columns(users, content), None),
        }
        columns = np.split(
            np.arange(sum(self.widths)), np.cumsum(self.widths)[:-1]
        )
        features = np.asarray(self.features)
        kernel = np.asarray(self.projection.kernel)
        for m, own in zip(self.modalities, columns):
            projected = features[:, own] @ kernel[own]
            parts[m] = None, np.pad(projected, ((0, 0), (dim, 0)))
        bias = np.pad(np.asarray(self.projection.bias), (dim, 0))
        parts["bias"] = None, np.tile(bias, (len(items), 1))
        return parts

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        # Projecting the batch's items alone gives the same values.
        item_ids = ops.concatenate([positive_item_ids, negative_item_ids])
        items = ops.concatenate(
            [
                ops.take(self.item_table, item_ids, axis=0),
                self.projection(ops.take(self.features, item_ids, axis=0)),
            ],
            axis=1,
        )  # (2 * batch, 2 * embedding_dim)
        positive_items, negative_items = ops.split(items, 2, axis=0)
        users = ops.take(self.user_table, user_ids, axis=0)
        return {
            "bpr": self.bpr(users, positive_items, negative_items),
            "l2": self.l2_weight
            * frobenius(users, positive_items, negative_items),
        }

from keras import ops

from camgr_tf.losses import frobenius
from camgr_tf.models.recommender import Recommender


class MF(Recommender):
    """Matrix factorization trained by pairwise ranking (BPR-MF).

    ```
    score(u, i) = e_u . v_i
    loss        = BPR + l2_weight FROB(e_u, v_i, v_j)
    ```

    `FROB` sums the plain, unsquared Frobenius norms of the three matrices of
    a batch, divided by the number of rows; a user or item that occurs twice
    in the batch counts twice. Features are not read.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        l2_weight: Float. Weight of `FROB`. Defaults to `0.1`, the best on
            Baby.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Example:

    ```python
    from camgr_tf.baselines import MF
    from camgr_tf.testing import tiny_dataset

    model = MF(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        Rendle et al., "BPR", UAI 2009; Koren et al., Computer 2009. As in
        MMRec: no biases, Xavier-normal tables, and the unsquared norm where
        the publication squares it.
    """

    ids_alone = True
    training_defaults = {"learning_rate": 0.001}
    search_space = {"l2_weight": [2.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5]}

    def __init__(self, dataset, *, l2_weight=0.1, embedding_dim=64, seed=0):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.l2_weight = l2_weight
        self.user_table = self.table(
            "user_embeddings", (self.num_users, embedding_dim), "xavier_normal"
        )
        self.item_table = self.table(
            "item_embeddings", (self.num_items, embedding_dim), "xavier_normal"
        )

    def embed(self, training=False):
        return (
            ops.convert_to_tensor(self.user_table),
            ops.convert_to_tensor(self.item_table),
        )

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        users = ops.take(self.user_table, user_ids, axis=0)
        positive_items = ops.take(self.item_table, positive_item_ids, axis=0)
        negative_items = ops.take(self.item_table, negative_item_ids, axis=0)
        return {
            "bpr": self.bpr(users, positive_items, negative_items),
            "l2": self.l2_weight
            * frobenius(users, positive_items, negative_items),
        }

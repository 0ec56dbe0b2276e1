import numpy as np
from keras import ops

from camgr_tf.models.recommender import Recommender


class Popularity(Recommender):
    """The items with the most users, the same for everybody.

    ```
    score(u, i) = d_i
    ```

    `d_i` is the number of users that item `i` has in training: embeddings of
    width 1, ones for users and the numbers for items. Nothing is trained and
    features are not read. What does not beat it has learned nothing about
    users.

    Args:
        dataset: `camgr_tf.data.Dataset`.

    Example:

    ```python
    from camgr_tf.baselines import BASELINES
    from camgr_tf.testing import tiny_dataset

    model = BASELINES["popularity"](tiny_dataset())
    users, items = model.embed()  # shapes (7, 1) and (9, 1)
    ```

    Reference:
        Cremonesi et al., "Performance of Recommender Algorithms on Top-N
        Recommendation Tasks", RecSys 2010 (there `TopPop`).
    """

    trains = False
    ids_alone = True

    def __init__(self, dataset):
        super().__init__(dataset, embedding_dim=1)
        self.item_degrees = np.bincount(
            dataset.interactions.train[:, 1], minlength=self.num_items
        ).astype("float32")

    def embed(self, training=False):
        users = ops.ones((self.num_users, 1))
        return users, ops.convert_to_tensor(self.item_degrees[:, None])

    def embed_users(self, baskets):
        return np.ones((len(baskets.counts), 1), "float32")

from keras import ops

from camgr_tf.graphs import bipartite_adjacency
from camgr_tf.losses import frobenius
from camgr_tf.models.fold_in import id_sources
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.recommender import Recommender
from camgr_tf.models.shared_rows import all_rows
from camgr_tf.models.shared_rows import own_rows
from camgr_tf.models.subgraph import model_view
from camgr_tf.ops import propagate


class LightGCN(Recommender):
    """Linear propagation of ID embeddings over the user-item graph.

    ```
    X0   = [users; items]
    X    = (X0 + S X0 + ... + S^L X0) / (L + 1)
    S    = D^-1/2 A D^-1/2, without self-loops
    loss = BPR(X) + l2_weight FROB(rows of X0)
    ```

    `FROB` sums the plain, unsquared Frobenius norms of the batch's users,
    positive and negative items before propagation, divided by the number of
    rows. Features are not read.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        num_layers: Integer. The `L` of the formula; `0` gives matrix
            factorization. Defaults to `2`.
        l2_weight: Float. Weight of `FROB`. Defaults to `0.001`. Both
            defaults are those that did best on Baby; the authors' own, 3
            layers and 1e-4, belong to their squared regularizer and do not
            carry over.
        embedding_dim: Integer. Defaults to `64`.
        seed: Integer. Defaults to `0`.

    Example:

    ```python
    from camgr_tf.baselines import LightGCN
    from camgr_tf.testing import tiny_dataset

    model = LightGCN(tiny_dataset())
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```

    Reference:
        He et al., "LightGCN", SIGIR 2020. As in MMRec: Xavier-uniform
        tables and the unsquared norm, where the authors' code starts from a
        normal distribution and squares.
    """

    samples_neighbors = True
    shares_rows = True
    ids_alone = True
    training_defaults = {"learning_rate": 0.001}
    # Found by `camgr sweep race`, five trials on validation.
    presets = {
        "lfm2k": {
            "num_layers": 2,
            "l2_weight": 1e-6,
            "learning_rate": 0.004,
            "batch_size": 1024,
        }
    }
    search_space = {
        "num_layers": [1, 2, 3, 4],
        "l2_weight": [1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=2,
        l2_weight=1e-3,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.num_layers = num_layers
        self.l2_weight = l2_weight
        self.adjacency = bipartite_adjacency(dataset.interactions)
        self.user_table = self.table(
            "user_embeddings", (self.num_users, embedding_dim)
        )
        self.item_table = self.table(
            "item_embeddings", (self.num_items, embedding_dim)
        )

    def embed(self, training=False):
        states = propagate(self.adjacency, id_states(self), self.num_layers)
        return states[: self.num_users], states[self.num_users :]

    def on_subgraph(self, part):
        return model_view(
            self,
            num_users=part.num_users,
            num_items=part.num_items,
            user_table=part.users(self.user_table),
            item_table=part.items(self.item_table),
            adjacency=part.graph(self.adjacency, "nodes", self.num_layers),
        )

    def embed_users(self, baskets):
        items = baskets.once(lambda: id_sources(self))
        return baskets.symmetric @ items

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        terms = super().loss_terms(
            user_ids, positive_item_ids, negative_item_ids
        )
        rows = all_rows(
            user_ids,
            ops.take(self.user_table, own_rows(user_ids), axis=0),
            ops.take(self.item_table, own_rows(positive_item_ids), axis=0),
            ops.take(self.item_table, own_rows(negative_item_ids), axis=0),
        )
        terms["l2"] = self.l2_weight * frobenius(*rows)
        return terms

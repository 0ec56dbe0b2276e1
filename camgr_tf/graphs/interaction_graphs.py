from typing import NamedTuple

import tensorflow as tf

from camgr_tf.graphs.bipartite import bipartite_adjacency
from camgr_tf.graphs.bipartite import item_user_adjacency
from camgr_tf.graphs.bipartite import user_item_adjacency
from camgr_tf.ops import Adjacency


class InteractionGraphs(NamedTuple):
    """The three graphs that CAmgr makes of one set of interactions.

    Attributes:
        nodes: `Adjacency` of shape `(num_nodes, num_nodes)`, users first
            (eq. 7).
        item_users: `Adjacency` of shape `(num_items, num_users)` (eq. 2-4).
        user_items: `Adjacency` of shape `(num_users, num_items)` (eq. 14).
        user_aggregation: String, `"row"` or `"symmetric"`: the normalization
            of `user_items`.
    """

    nodes: Adjacency
    item_users: Adjacency
    user_items: Adjacency
    user_aggregation: str

    @classmethod
    def build(cls, interactions, user_aggregation, self_loops=False):
        """The graphs of the training interactions.

        Args:
            interactions: `camgr_tf.data.Interactions`.
            user_aggregation: String, `"row"` or `"symmetric"`: the
                normalization of `user_items`.
            self_loops: Boolean. Whether a node is among its own neighbors in
                `nodes`. Defaults to `False`.

        Returns:
            `InteractionGraphs`.
        """
        return cls(
            nodes=bipartite_adjacency(interactions, self_loops=self_loops),
            item_users=item_user_adjacency(interactions),
            user_items=user_item_adjacency(interactions, user_aggregation),
            user_aggregation=user_aggregation,
        )

    def without(self, user_ids, item_ids):
        """The graphs without some pairs, such as those of a batch.

        A user's modal state is an average of bought items (eq. 14). With the
        item that is to be ranked among them, the score contains the product
        of the item with itself, and the loss can be lowered without learning
        anything about other items. The same holds, over two steps, for the
        other graphs.

        A mean is then the mean over the other neighbors, on the same scale
        as in evaluation, where the candidates were not bought. Symmetric
        weights stay as they are.

        Args:
            user_ids: int32 tensor of shape `(num_pairs,)`.
            item_ids: int32 tensor of shape `(num_pairs,)`.

        Returns:
            `InteractionGraphs`.
        """
        num_users = self.user_items.shape[0]
        item_nodes = item_ids + num_users
        return self._replace(
            nodes=self.nodes.without(
                tf.concat([user_ids, item_nodes], axis=0),
                tf.concat([item_nodes, user_ids], axis=0),
            ),
            item_users=self.item_users.without(
                item_ids, user_ids, keep_sums=True
            ),
            user_items=self.user_items.without(
                user_ids, item_ids, keep_sums=self.user_aggregation == "row"
            ),
        )

    def dropout(self, rate, seed):
        """The graphs with messages lost at random, each graph its own.

        Args:
            rate: Float in `[0, 1)`. Share of the messages that are lost.
            seed: `camgr_tf.ops.HostSeedGenerator`.

        Returns:
            `InteractionGraphs`.
        """
        return self._replace(
            **{
                name: getattr(self, name).dropout(rate, seed)
                for name in ("nodes", "item_users", "user_items")
            }
        )

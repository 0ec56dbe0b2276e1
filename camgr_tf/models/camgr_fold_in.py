import numpy as np
from keras import ops

from camgr_tf.layers import split_modalities
from camgr_tf.models.fold_in import id_states
from camgr_tf.models.fold_in import item_sources
from camgr_tf.models.fold_in import split_parts
from camgr_tf.models.fold_in import split_rows
from camgr_tf.models.fold_in import with_zeros
from camgr_tf.models.recommender import Recommender


class CAmgrFoldIn(Recommender):
    """What `CAmgr` knows of new users and items and of its score's summands.

    Attention over nodes or channels is over the nodes of training; what a
    new node gets does not depend on other new nodes.
    """

    def embed_users(self, baskets):
        encode, contents, sources = baskets.once(self._sources)
        means, layers = self.basket_means(baskets), self.num_modal_layers + 1
        own = encode(baskets)
        modal = [
            means @ contents[m] / layers + baskets.symmetric @ sources[m]
            for m in self.modalities
        ]
        return own + sum(self.fused_parts(own, modal).values())

    def embed_items(self, features, neighbors):
        purified = self.purify(self.graphs)
        modal = []
        for m in self.modalities:
            rows = self.new_item_rows(m, features[m], neighbors)
            # Nobody has bought them: later layers (`num_modal_layers`) are
            # zero.
            states = rows @ np.asarray(purified[m])
            modal.append(
                ops.convert_to_tensor(states / (self.num_modal_layers + 1))
            )
        own = ops.zeros_like(modal[0])
        return own + sum(self.fused_parts(own, modal).values())

    def parts(self):
        nodes = self.encode(self.graphs)
        modal = list(self.modal_states(self.graphs).values())
        fused = self.fused_parts(nodes, modal)
        return split_parts({"id": nodes, **fused}, self.num_users)

    def parts_without(self, modality):
        # Zeros behind the item graph, `H_m` of eq. 13 and 14.
        nodes = self.encode(self.graphs)
        modal = with_zeros(self.modal_states(self.graphs), modality)
        fused = self.fusion(nodes, list(modal.values()))
        return split_rows(nodes + fused, self.num_users)

    # === What a reading of the paper may replace ===

    def basket_means(self, baskets):
        """The rows of new users in the graph of eq. 14."""
        return baskets.mean

    def basket_encoder(self):
        """Function from baskets to `H_n` of new users (eq. 7-9)."""
        items = item_sources(
            self.graphs.nodes, id_states(self), self.num_layers, self.num_users
        )
        return lambda baskets: baskets.symmetric @ items

    def new_item_rows(self, modality, features, neighbors):
        """The rows of new items in the graph of eq. 12."""
        return neighbors.rows(modality, features, self.num_neighbors)

    def fused_parts(self, nodes, modal):
        """The summands of `H_f` (eq. 15-26), of the model's or new nodes.

        Args:
            nodes: Float tensor `(num_rows, dim)`, `H_n`.
            modal: List of float tensors of that shape, `H_m`, in the order
                of the model's own.

        Returns:
            Dictionary from names to tensors `(num_rows, dim)`.
        """
        return dict(zip(self.modalities, self.fusion.parts(modal)))

    def _sources(self):
        """What new users need of the items, found once."""
        convolved = split_modalities(
            self.convolved_states(self.graphs), self.modalities
        )
        contents = {
            m: split_rows(states, self.num_users)[1]
            for m, states in convolved.items()
        }
        sources = {
            m: item_sources(
                self.graphs.nodes, s, self.num_modal_layers, self.num_users
            )
            for m, s in convolved.items()
        }
        return self.basket_encoder(), contents, sources

import functools

import numpy as np
from keras import ops

from camgr_tf.models.fold_in import id_states
from camgr_tf.models.fold_in import item_sources
from camgr_tf.models.fold_in import split_parts
from camgr_tf.models.fold_in import split_rows
from camgr_tf.models.fold_in import with_zeros
from camgr_tf.models.recommender import Recommender

FUSED = "fused"


class SMOREFoldIn(Recommender):
    """What `SMORE` knows of new users and items and of its score's summands.

    The fused view is a product that has each modality as a factor: without
    one of them it is zero.
    """

    def neighbor_counts(self):
        """Dictionary from a modality to the neighbors in its graph."""
        first, *others = self.modalities
        further = self.num_further_neighbors or self.num_neighbors
        return {first: self.num_neighbors, **dict.fromkeys(others, further)}

    def embed_users(self, baskets):
        items, contents = baskets.once(self._sources)
        nodes = ops.convert_to_tensor(baskets.symmetric @ items)
        states = {
            v: ops.convert_to_tensor(baskets.symmetric @ values)
            for v, values in contents.items()
        }
        return nodes + self.side(nodes, states)

    def _sources(self):
        items = item_sources(
            self.adjacency, id_states(self), self.num_layers, self.num_users
        )
        states = self.view_states().items()
        return items, {v: split_rows(c, self.num_users)[1] for v, c in states}

    def embed_items(self, features, neighbors):
        counts = self.neighbor_counts()
        rows = {
            m: neighbors.rows(m, features[m], counts[m], self.item_graphs[m])
            for m in self.modalities
        }
        rows[FUSED] = functools.reduce(lambda a, b: a.maximum(b), rows.values())
        states = {
            v: ops.convert_to_tensor(
                (rows[v] @ np.asarray(items)).astype("float32")
            )
            for v, items in zip(self.views, self.gated_items())
        }
        return self.side(ops.zeros_like(states[FUSED]), states)

    def parts(self):
        nodes = self.encode()
        parts = self.side_parts(nodes, self.view_states())
        common = parts.pop(FUSED)
        return split_parts(
            {"id": nodes, "common": common, **parts}, self.num_users
        )

    def parts_without(self, modality):
        nodes = self.encode()
        states = with_zeros(self.view_states(), modality)
        states = with_zeros(states, FUSED)
        return split_rows(nodes + self.side(nodes, states), self.num_users)

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
        encode, nodes, modal, contents, sources = baskets.once(self._sources)
        own = encode(baskets)
        weights = (
            baskets.mean
            if self.user_aggregation == "row"
            else baskets.symmetric
        )
        own_modal = {
            m: weights @ items / (self.num_modal_layers + 1)
            + baskets.symmetric @ sources[m]
            for m, items in contents.items()
        }
        return own + sum(
            self.fused_parts(nodes, modal, own, own_modal).values()
        )

    def _sources(self):
        convolved = split_modalities(self.convolved_states(), self.modalities)
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
        nodes, modal = self.encode(), self.modal_states()
        return self._basket_encoder(), nodes, modal, contents, sources

    def _basket_encoder(self):
        """Function from baskets to `H_n` of new users (eq. 7-9)."""
        graph = self.graphs.nodes
        if self.encoder == "propagation":
            items = item_sources(
                graph, id_states(self), self.num_layers, self.num_users
            )
            return lambda baskets: baskets.symmetric @ items
        states = id_states(self)
        layers = []
        for layer in self.attention_layers:
            layers.append(states[self.num_users :])
            states = layer(states, adjacency=graph)

        def encode(baskets):
            adjacency = baskets.adjacency()
            own = ops.zeros((len(baskets.counts), self.embedding_dim))
            total = own
            for layer, items in zip(self.attention_layers, layers):
                joined = ops.concatenate([items, own], axis=0)
                own = layer(joined, adjacency=adjacency)[self.num_items :]
                total = total + own
            return total / (self.num_layers + 1)

        return encode

    def embed_items(self, features, neighbors):
        purified = self.purify()
        own_modal = {}
        for m in self.modalities:
            graph = None
            if self.semantic_normalization == "symmetric":
                graph = self.item_graphs[m]
            rows = neighbors.rows(m, features[m], self.num_neighbors, graph)
            # Nobody has bought them: later layers (`num_modal_layers`) are
            # zero.
            own_modal[m] = ops.convert_to_tensor(
                rows @ np.asarray(purified[m]) / (self.num_modal_layers + 1)
            )
        own = ops.zeros_like(next(iter(own_modal.values())))
        parts = self.fused_parts(
            self.encode(), self.modal_states(), own, own_modal
        )
        return own + sum(parts.values())

    def parts(self):
        nodes = self.encode()
        fused = self.fused_parts(nodes, self.modal_states())
        return split_parts({"id": nodes, **fused}, self.num_users)

    def parts_without(self, modality):
        # Zeros behind the item graph, `H_m` of eq. 13 and 14: the attention
        # weighs the others anew.
        nodes, modal = self.encode(), with_zeros(self.modal_states(), modality)
        fused = self.fuse(nodes, modal, rows=None)
        return split_rows(nodes + fused, self.num_users)

    def fused_parts(self, nodes, modal, new_nodes=None, new_modal=None):
        """The summands of `H_f` (eq. 15-26), of all or of new nodes.

        Args:
            nodes: Float tensor `(num_nodes, dim)`, `H_n`.
            modal: Dictionary from a modality to a tensor of that shape.
            new_nodes: Float tensor `(num_new, dim)`. Defaults to `None`: the
                parts of `nodes` themselves.
            new_modal: Dictionary as `modal`, of new nodes. Defaults to
                `None`.

        Returns:
            Dictionary of tensors `(num_rows, dim)`: `"common"` and
            `"distinct"`, or the modalities where the fusion is a mean of
            them.
        """
        if self.fusion_name != "cross_attention":
            return self._mean_parts(modal if new_nodes is None else new_modal)
        rows, num_context = None, None
        if new_nodes is not None:
            num_context = len(nodes)
            rows = np.arange(len(new_nodes), dtype="int32") + num_context
            nodes = ops.concatenate([nodes, new_nodes], axis=0)
            modal = {
                m: ops.concatenate([states, new_modal[m]], axis=0)
                for m, states in modal.items()
            }
        common, distinct = self.fusion.parts(
            **self.fusion_inputs(modal),
            node_states=nodes,
            rows=rows,
            num_context=num_context,
        )
        return {"common": common, "distinct": distinct}

    def _mean_parts(self, states):
        """Each modality's weighted share; the fusion is linear in each."""
        parts = {}
        for m in self.modalities:
            alone = [
                ops.convert_to_tensor(states[n]) * float(n == m)
                for n in self.modalities
            ]
            parts[m] = self.fusion(alone)
        return parts

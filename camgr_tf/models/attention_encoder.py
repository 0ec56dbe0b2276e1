import keras
from keras import ops

from camgr_tf.layers import GraphAttention
from camgr_tf.models.camgr_attention import CAmgrAttention
from camgr_tf.models.fold_in import id_states


class AttentionEncoder(CAmgrAttention):
    """CAmgr whose encoder attends to neighbors, as eq. 7 and 8 are printed.

    Each layer has a matrix `W`, an attention vector and a ReLU
    (`GraphAttention`), in place of constant weights.

    Example:

    ```python
    from camgr_tf.models.attention_encoder import AttentionEncoder
    from camgr_tf.testing import tiny_dataset

    model = AttentionEncoder(tiny_dataset(), num_neighbors=4)
    users, items = model.embed()
    assert (users.shape[0], items.shape[0]) == (7, 9)
    ```
    """

    attention_arguments = {"activation": "relu"}

    def make_encoder(self):
        xavier = keras.initializers.GlorotUniform
        self.attention_layers = [
            GraphAttention(
                self.embedding_dim,
                kernel_initializer=xavier(seed=self.next_seed()),
                attention_initializer=xavier(seed=self.next_seed()),
                name=f"graph_attention_{layer}",
                **self.attention_arguments,
            )
            for layer in range(self.num_layers)
        ]

    def convolve(self, layer, adjacency, states):
        return self.attention_layers[layer](states, adjacency=adjacency)

    def basket_encoder(self):
        states, layers = id_states(self), []
        for layer in self.attention_layers:
            layers.append(states[self.num_users :])
            states = layer(states, adjacency=self.graphs.nodes)

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

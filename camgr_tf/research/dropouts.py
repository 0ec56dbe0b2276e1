"""CAmgr's default with further dropout of messages in training."""

from camgr_tf.models import CAmgr


class ModalEdgeDropout(CAmgr):
    """The modal states lose messages in training, as the encoder's do.

    The default drops messages of the encoder alone. Here a step also drops
    some from items to users behind eq. 14 and from all nodes to their
    neighbors in the layers that follow; the item graphs stay whole.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        modal_edge_dropout: Float in `[0, 1)`. Share of messages that are
            dropped. Defaults to `0.3`.
        **arguments: Those of `CAmgr`.

    Example:

    >>> from camgr_tf.testing import tiny_dataset
    >>> model = ModalEdgeDropout(tiny_dataset(), num_neighbors=4)
    >>> model.modal_edge_dropout
    0.3
    """

    training_defaults = CAmgr.training_defaults
    search_space = {
        **CAmgr.search_space,
        "modal_edge_dropout": [0.0, 0.1, 0.3, 0.5],
    }

    def __init__(self, dataset, *, modal_edge_dropout=0.3, **arguments):
        self.modal_edge_dropout = modal_edge_dropout
        super().__init__(dataset, **arguments)

    def states(self, graphs, rows=None, training=False):
        nodes = self.encode(graphs, rows, training)
        if training and self.modal_edge_dropout > 0:
            rate, seeds = self.modal_edge_dropout, self.dropout_seeds
            graphs = graphs._replace(
                user_items=graphs.user_items.dropout(rate, seeds),
                nodes=graphs.nodes.dropout(rate, seeds),
            )
        modal = list(self.modal_states(graphs, rows).values())
        return nodes, self.fusion(nodes, modal, training=training)

"""A model that reads some rows and other graphs in place of its own.

`Recommender.on_subgraph` says which attributes of a model hold a row for
each user or item, and which are graphs. A copy of the model that has others
in their places runs the same `embed` and the same `loss_terms`.
"""

import tensorflow as tf
from keras import ops

from camgr_tf.ops import Adjacency
from camgr_tf.subgraphs.subgraph_sampler import GRAPH_ENDS
from camgr_tf.subgraphs.subgraph_sampler import AskedGraph


def model_view(model, **attributes):
    """The same model, with other values of some attributes.

    Layers and weights are shared. A view is for `embed` and `loss_terms`
    alone; it is not trained, saved or called.

    Args:
        model: `Recommender`.
        **attributes: The values.

    Returns:
        Object of the model's class.
    """
    view = object.__new__(type(model))
    # Past Keras' own attribute setter: nothing here is a new weight.
    vars(view).update({**vars(model), **attributes})
    return view


class FirstRows:
    """The first user and the first item, without edges.

    Builds the layers of a model without its graphs, and notes what a model
    asks for.

    Attributes:
        graphs: List of `AskedGraph`, in the order in which they were asked
            for.
        tables: List of the `keras.Variable` that hold a row for each user or
            item.
        features: Dictionary from a modality to its array; empty if none are
            asked for.
        num_users: Integer.
        num_items: Integer.
    """

    num_users = num_items = 1

    def __init__(self):
        self.graphs, self.tables, self.features = [], [], {}

    def users(self, table):
        """The users' rows of a table."""
        self.tables.append(table)
        return table[:1]

    def items(self, table):
        """The items' rows of a table."""
        return self.users(table)

    def item_features(self, features):
        """The items' rows of each array of features."""
        self.features = features
        return {m: ops.convert_to_tensor(f[:1]) for m, f in features.items()}

    def graph(self, adjacency, kind, num_hops):
        """The part of a graph, see `AskedGraph`."""
        self.graphs.append(AskedGraph(adjacency, kind, num_hops))
        none = tf.zeros(0, "int32")
        values = tf.zeros(0)
        shape = graph_shape(kind, 1, 1)
        return Adjacency.from_edges(none, none, values, none, shape)


class SampledSubgraph:
    """The rows and graphs of one training step, as `SubgraphSampler` drew.

    Args:
        batch: Dictionary of tensors: what `SubgraphSampler.draw` returned
            and `"features"`, the features of its items.

    Attributes:
        rows: List of tuples of a table, its row numbers and its rows, in the
            order of `FirstRows.tables`.
    """

    def __init__(self, batch):
        self.batch = batch
        self.rows = []
        self.num_users = tf.shape(batch["user_ids"])[0]
        self.num_items = tf.shape(batch["item_ids"])[0]
        self._num_graphs = 0

    def users(self, table):
        return self._gather(table, self.batch["user_ids"])

    def items(self, table):
        return self._gather(table, self.batch["item_ids"])

    def _gather(self, table, ids):
        # Of the variable itself: nothing reads the whole table.
        rows = tf.gather(table.value, ids)
        self.rows.append((table, ids, rows))
        return rows

    def item_features(self, features):
        return {m: self.batch["features"][m] for m in features}

    def graph(self, adjacency, kind, num_hops):
        edges = self.batch["graphs"][str(self._num_graphs)]
        self._num_graphs += 1
        shape = graph_shape(kind, self.num_users, self.num_items)
        return Adjacency.from_edges(**edges, shape=shape)


def graph_shape(kind, num_users, num_items):
    """Numbers of targets and sources of a graph.

    Args:
        kind: String, key of `GRAPH_ENDS`.
        num_users: Integer, or scalar tensor.
        num_items: Integer, or scalar tensor.

    Returns:
        Tuple `(num_targets, num_sources)`.
    """
    counts = {
        "users": num_users,
        "items": num_items,
        "nodes": num_users + num_items,
    }
    return tuple(counts[end] for end in GRAPH_ENDS[kind])

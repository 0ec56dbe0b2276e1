import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.graphs.bipartite import bipartite_adjacency
from camgr_tf.graphs.bipartite import item_user_adjacency
from camgr_tf.graphs.bipartite import user_item_adjacency
from camgr_tf.graphs.graph_tensor import graph_schema
from camgr_tf.graphs.graph_tensor import graph_tensor
from camgr_tf.graphs.graph_tensor import read_graph
from camgr_tf.graphs.graph_tensor import schema_path
from camgr_tf.graphs.graph_tensor import tfgnn
from camgr_tf.graphs.graph_tensor import write_graph
from camgr_tf.graphs.semantic import semantic_matrix
from camgr_tf.layers import GraphAttention
from camgr_tf.ops import segment_softmax
from camgr_tf.ops import sparse_matmul
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import tiny_dataset

DATASET = tiny_dataset()


def _edges(graph, name):
    adjacency = graph.edge_sets[name].adjacency
    return np.stack([adjacency.source, adjacency.target], axis=1)


def _assert_equal(ours, theirs):
    assert ours.node_sets.keys() == theirs.node_sets.keys()
    assert ours.edge_sets.keys() == theirs.edge_sets.keys()
    for name, nodes in ours.node_sets.items():
        others = theirs.node_sets[name]
        np.testing.assert_array_equal(nodes.sizes, others.sizes)
        assert nodes.features.keys() == others.features.keys()
        for key, values in nodes.features.items():
            np.testing.assert_array_equal(values, others[key])
    for name, edges in ours.edge_sets.items():
        others = theirs.edge_sets[name]
        np.testing.assert_array_equal(_edges(ours, name), _edges(theirs, name))
        np.testing.assert_array_equal(edges["weight"], others["weight"])


def test_nodes_and_their_features():
    graph = graph_tensor(DATASET, 4)
    assert graph.node_sets["user"].sizes.numpy().tolist() == [7]
    assert graph.node_sets["item"].sizes.numpy().tolist() == [9]
    for modality, features in DATASET.features.items():
        stored = graph.node_sets["item"][modality]
        np.testing.assert_array_equal(stored, features)


def test_interactions_carry_the_symmetric_weights():
    graph = graph_tensor(DATASET, 4)
    edges = _edges(graph, "interacts")
    assert sorted(map(tuple, edges.tolist())) == TINY_TRAIN
    users, items = np.transpose(TINY_TRAIN)
    degrees = np.bincount(users)[edges[:, 0]] * np.bincount(items)[edges[:, 1]]
    np.testing.assert_allclose(
        graph.edge_sets["interacts"]["weight"], 1 / np.sqrt(degrees), 1e-6
    )


@pytest.mark.parametrize("normalization", ["row", "symmetric"])
def test_similar_items_send_to_the_item_they_resemble(normalization):
    graph = graph_tensor(DATASET, 4, False, normalization)
    for modality, features in DATASET.features.items():
        name = f"similar_{modality}"
        dense = np.zeros((9, 9))
        sources, targets = _edges(graph, name).T
        dense[targets, sources] = graph.edge_sets[name]["weight"]
        expected = semantic_matrix(features, 4, False, normalization)
        np.testing.assert_allclose(dense, expected.toarray(), rtol=1e-6)


@pytest.mark.parametrize(
    "widths", [(("image", 5), ("text", 4)), (("sound", 3),)]
)
def test_schema_names_every_piece(widths):
    schema = graph_schema(graph_tensor(tiny_dataset(widths), 4))
    assert set(schema.node_sets) == {"user", "item"}
    stored = {
        name: [dim.size for dim in feature.shape.dim]
        for name, feature in schema.node_sets["item"].features.items()
    }
    assert stored == {name: [width] for name, width in widths}
    ends = {
        name: (edges.source, edges.target, list(edges.features))
        for name, edges in schema.edge_sets.items()
    }
    assert ends == {
        "interacts": ("user", "item", ["weight"]),
        **{f"similar_{m}": ("item", "item", ["weight"]) for m, _ in widths},
    }


def test_round_trip(tmp_path):
    graph = graph_tensor(DATASET, 4)
    path = tmp_path / "graphs" / "tiny.tfrecord"
    write_graph(graph, path)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "tiny.pbtxt",
        "tiny.tfrecord",
    ]
    _assert_equal(read_graph(path), graph)
    odd = graph_tensor(tiny_dataset((("front view:é", 3), ("图", 2))), 4)
    write_graph(odd, path.with_name("odd"))
    _assert_equal(read_graph(path.with_name("odd")), odd)
    _assert_equal(read_graph(path, schema=graph_schema(graph)), graph)
    # The text beside it is the schema.
    assert tfgnn.read_schema(str(schema_path(path))) == graph_schema(graph)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "tiny.tfrecord"
    graph = graph_tensor(DATASET, 4)
    write_graph(graph, path)

    def fail(self, record):
        raise OSError("disk full")

    monkeypatch.setattr(tf.io.TFRecordWriter, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        write_graph(graph_tensor(DATASET, 2), path)
    assert len(list(tmp_path.iterdir())) == 2
    _assert_equal(read_graph(path), graph)


def test_refuses_a_graph_of_another_schema(tmp_path):
    path = tmp_path / "tiny.tfrecord"
    write_graph(graph_tensor(DATASET, 4), path)
    other = tiny_dataset((("image", 5), ("sound", 3)))
    with pytest.raises(ValueError) as caught:
        read_graph(path, schema=graph_schema(graph_tensor(other, 4)))
    message = str(caught.value)
    assert message.startswith(f"{path}: holds a graph of another schema.")
    missing, unexpected = message.split("Not expected:")
    assert "nodes/item.sound" in missing
    assert "edges/similar_sound.#source" in missing
    assert "nodes/item.text" in unexpected


def test_refuses_another_width(tmp_path):
    path = tmp_path / "tiny.tfrecord"
    write_graph(graph_tensor(DATASET, 4), path)
    for width in (2, 3):
        other = tiny_dataset((("image", 5), ("text", width)))
        message = "its values do not have the shapes of the schema"
        with pytest.raises(ValueError, match=message):
            read_graph(path, schema=graph_schema(graph_tensor(other, 4)))


def test_refuses_a_missing_or_damaged_file(tmp_path):
    path = tmp_path / "tiny.tfrecord"
    with pytest.raises(FileNotFoundError, match="tiny.tfrecord: no such file"):
        read_graph(path)
    write_graph(graph_tensor(DATASET, 4), path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="tiny.tfrecord: damaged"):
        read_graph(path)
    path.write_bytes(content + content)
    with pytest.raises(ValueError, match="one graph. Received: 2 records"):
        read_graph(path)
    path.write_bytes(content)
    schema_path(path).unlink()
    with pytest.raises(FileNotFoundError, match="tiny.pbtxt: no such file"):
        read_graph(path)


# === TF-GNN's own operations as an oracle for ours ===


def test_softmax_of_the_edges_of_a_node():
    graph = graph_tensor(DATASET, 4)
    edges = _edges(graph, "interacts")
    rng = np.random.default_rng(0)
    logits = (5 * rng.normal(size=len(edges))).astype("float32")
    for tag, ends, size in (
        (tfgnn.SOURCE, edges[:, 0], 7),
        (tfgnn.TARGET, edges[:, 1], 9),
    ):
        expected = tfgnn.softmax(
            graph, tag, edge_set_name="interacts", feature_value=logits
        )
        ours = segment_softmax(logits, ends, size)
        np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_means_of_neighbors():
    interactions = DATASET.interactions
    users = np.random.default_rng(1).normal(size=(7, 3)).astype("float32")
    nodes = graph_tensor(DATASET, 4).replace_features(
        node_sets={"user": {"state": users}}
    )
    pooled = tfgnn.pool_neighbors_to_node(
        nodes,
        "interacts",
        tfgnn.TARGET,
        reduce_type="mean",
        feature_name="state",
    )
    ours = sparse_matmul(item_user_adjacency(interactions), users)
    np.testing.assert_allclose(ours, pooled, rtol=1e-5, atol=1e-6)


def test_weighted_sums_are_the_sparse_products():
    graph = graph_tensor(DATASET, 4)
    items = DATASET.features["image"]

    def pool(name, from_tag, to_tag):
        weights = graph.edge_sets[name]["weight"][:, None]
        values = tfgnn.broadcast_node_to_edges(
            graph, name, from_tag, feature_value=items
        )
        return tfgnn.pool_edges_to_node(
            graph, name, to_tag, "sum", feature_value=weights * values
        )

    users = user_item_adjacency(DATASET.interactions, "symmetric")
    np.testing.assert_allclose(
        sparse_matmul(users, items),
        pool("interacts", tfgnn.TARGET, tfgnn.SOURCE),
        rtol=1e-5,
        atol=1e-6,
    )
    smoothed = semantic_matrix(DATASET.features["text"], 4) @ items
    np.testing.assert_allclose(
        pool("similar_text", tfgnn.SOURCE, tfgnn.TARGET),
        smoothed,
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.parametrize("scaling", ["none", "degree"])
def test_graph_attention(scaling):
    adjacency = bipartite_adjacency(DATASET.interactions)
    graph = tfgnn.GraphTensor.from_pieces(
        node_sets={"node": tfgnn.NodeSet.from_fields(sizes=[16])},
        edge_sets={
            "edge": tfgnn.EdgeSet.from_fields(
                sizes=[adjacency.num_edges],
                adjacency=tfgnn.Adjacency.from_indices(
                    source=("node", adjacency.sources),
                    target=("node", adjacency.targets),
                ),
            )
        },
    )
    states = np.random.default_rng(2).normal(size=(16, 5)).astype("float32")
    layer = GraphAttention(4, scaling=scaling)
    ours = layer(states, adjacency=adjacency)

    def to_edges(tag, values):
        return tfgnn.broadcast_node_to_edges(
            graph, "edge", tag, feature_value=values
        )

    transformed = states @ layer.kernel
    ends = tf.concat(
        [
            to_edges(tfgnn.TARGET, transformed),
            to_edges(tfgnn.SOURCE, transformed),
        ],
        axis=1,
    )
    vector = tf.concat([layer.attention[:, 0], layer.attention[:, 1]], axis=0)
    logits = tf.nn.leaky_relu(tf.linalg.matvec(ends, vector), alpha=0.2)
    weights = tfgnn.softmax(
        graph, tfgnn.TARGET, edge_set_name="edge", feature_value=logits
    )
    if scaling == "degree":
        ones = tf.ones([adjacency.num_edges])
        degrees = tfgnn.pool_edges_to_node(
            graph, "edge", tfgnn.TARGET, "sum", feature_value=ones
        )
        weights *= tf.sqrt(
            to_edges(tfgnn.TARGET, degrees) / to_edges(tfgnn.SOURCE, degrees)
        )
    sums = tfgnn.pool_edges_to_node(
        graph,
        "edge",
        tfgnn.TARGET,
        "sum",
        feature_value=weights[:, None] * to_edges(tfgnn.SOURCE, transformed),
    )
    np.testing.assert_allclose(ours, tf.nn.relu(sums), rtol=1e-4, atol=1e-5)


def test_works_without_any_interaction_of_an_item():
    # Item 8 has no user: no edge, and zeros where sums arrive.
    graph = graph_tensor(DATASET, 4)
    ones = tf.ones([len(TINY_TRAIN), 1])
    counts = tfgnn.pool_edges_to_node(
        graph, "interacts", tfgnn.TARGET, "sum", feature_value=ones
    )
    assert counts.shape == (9, 1) and float(counts[8, 0]) == 0

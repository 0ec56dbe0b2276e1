"""The data as a `tfgnn.GraphTensor`, in memory and in files.

Importing this module imports TF-GNN, which takes seconds, so nothing else
imports it. TF-GNN needs Keras 2 behind `tf.keras`, which must not have been
used before; `import keras` stays Keras 3.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf

try:
    import tensorflow_gnn as tfgnn
except ModuleNotFoundError as error:
    raise ImportError(
        "A GraphTensor needs TensorFlow GNN: pip install 'camgr_tf[gnn]'."
    ) from error

from camgr_tf.graphs.bipartite import interaction_matrix
from camgr_tf.graphs.bipartite import symmetric_normalize
from camgr_tf.graphs.semantic import semantic_matrix
from camgr_tf.staged_file import staged_file

USER, ITEM = "user", "item"
INTERACTS = "interacts"
WEIGHT = "weight"


def graph_tensor(
    dataset,
    num_neighbors=10,
    include_self=True,
    normalization="row",
    cache_dir=None,
):
    """Users, items, training interactions and similar items as one graph.

    - Node set `"user"`, without features, and node set `"item"` with one
      float feature for each modality, `(num_items, width)`.
    - Edge set `"interacts"` from user to item for each training interaction;
      `weight` is `1 / sqrt(d_u d_i)`, the entry of `bipartite_adjacency`.
    - Edge set `"similar_<modality>"` from a similar item to the item it is
      similar to; `weight` is the entry of `semantic_matrix`.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        num_neighbors: Integer. Neighbors kept for each item. Defaults to
            `10`.
        include_self: Boolean. Whether the item itself counts as one of them.
            Defaults to `True`.
        normalization: String, `"row"` or `"symmetric"`, of the similar
            items. Defaults to `"row"`.
        cache_dir: Path of a folder for computed neighbors. Defaults to
            `None`: nothing is cached.

    Returns:
        `tfgnn.GraphTensor` of rank 0 with one component.

    Reference:
        Section 3.1 for the interactions, eq. 10-12 for the similar items.
    """
    # Rows of both matrices are one end of an edge, columns the other.
    interactions = symmetric_normalize(interaction_matrix(dataset.interactions))
    edge_sets = {INTERACTS: _edge_set(interactions, (USER, ITEM))}
    for modality, features in dataset.features.items():
        similar = semantic_matrix(
            features, num_neighbors, include_self, normalization, cache_dir
        )
        edge_sets[f"similar_{modality}"] = _edge_set(similar.T, (ITEM, ITEM))
    return tfgnn.GraphTensor.from_pieces(
        node_sets={
            USER: tfgnn.NodeSet.from_fields(
                sizes=[dataset.interactions.num_users]
            ),
            ITEM: tfgnn.NodeSet.from_fields(
                sizes=[dataset.interactions.num_items],
                features=dict(dataset.features),
            ),
        },
        edge_sets=edge_sets,
    )


def graph_schema(graph):
    """The names, types and shapes of a graph's pieces.

    Args:
        graph: `tfgnn.GraphTensor`.

    Returns:
        `tfgnn.GraphSchema`.
    """
    return tfgnn.create_schema_pb_from_graph_spec(graph)


def schema_path(path):
    """Where `write_graph` puts the schema of the graph at `path`.

    Args:
        path: Path of the TFRecord file.

    Returns:
        `pathlib.Path`: the same name with the ending `.pbtxt`.
    """
    return Path(path).with_suffix(".pbtxt")


def write_graph(graph, path):
    """Writes a graph as a TFRecord of one example, with its schema beside it.

    Both files are complete or absent: each is written under another name and
    then renamed.

    Args:
        graph: `tfgnn.GraphTensor`, rank 0, one component.
        path: Path of the TFRecord file; `schema_path(path)` gets the schema.
    """
    example = tfgnn.write_example(graph)
    with staged_file(schema_path(path)) as temporary:
        tfgnn.write_schema(graph_schema(graph), str(temporary))
    with staged_file(Path(path)) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            writer.write(example.SerializeToString())


def read_graph(path, schema=None):
    """Reads what `write_graph` wrote.

    Args:
        path: Path of the TFRecord file.
        schema: `tfgnn.GraphSchema` that the graph must have. Defaults to
            `None`: the one beside the file.

    Returns:
        `tfgnn.GraphTensor`.

    Raises:
        FileNotFoundError: If the file or its schema is missing.
        ValueError: If the file is damaged, or holds a graph of another
            schema.
    """
    path = Path(path)
    for file in (path, schema_path(path)) if schema is None else (path,):
        if not file.is_file():
            raise FileNotFoundError(
                f"{file}: no such file. `write_graph` writes the graph and "
                "its schema"
            )
    if schema is None:
        schema = tfgnn.read_schema(str(schema_path(path)))
    spec = tfgnn.create_graph_spec_from_schema_pb(schema)
    record = _only_record(path)
    _check_features(path, record, spec)
    try:
        return tfgnn.parse_single_example(spec, tf.constant(record))
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        raise ValueError(
            f"{path}: its values do not have the shapes of the schema: {error}"
        ) from error


def _edge_set(matrix, names):
    """Edges from the nodes of the rows to the nodes of the columns."""
    edges = matrix.tocoo()
    order = np.lexsort((edges.row, edges.col))
    source, target = edges.row[order], edges.col[order]
    return tfgnn.EdgeSet.from_fields(
        sizes=[len(order)],
        adjacency=tfgnn.Adjacency.from_indices(
            source=(names[0], source.astype("int32")),
            target=(names[1], target.astype("int32")),
        ),
        features={WEIGHT: edges.data[order].astype("float32")},
    )


def _only_record(path):
    try:
        records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    except tf.errors.DataLossError as error:
        raise ValueError(
            f"{path}: damaged, its checksums do not fit: {error.message}"
        ) from error
    if len(records) != 1:
        raise ValueError(
            f"{path}: must hold one graph. Received: {len(records)} records"
        )
    return records[0]


def _check_features(path, record, spec):
    found = set(tf.train.Example.FromString(record).features.feature)
    expected = set(tfgnn.get_io_spec(spec))
    if found != expected:
        raise ValueError(
            f"{path}: holds a graph of another schema. Missing: "
            f"{sorted(expected - found)}. Not expected: "
            f"{sorted(found - expected)}"
        )

import numpy as np
import scipy.sparse

from camgr_tf.graphs import semantic_matrix
from camgr_tf.graphs import user_item_adjacency
from camgr_tf.layers.semantic_convolution import SemanticConvolution
from camgr_tf.layers.semantic_convolution import split_modalities
from camgr_tf.ops import Adjacency
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import run_layer_test
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing.numpy_reference import semantic_convolution
from camgr_tf.testing.numpy_reference import semantic_graph


def _inputs():
    dataset = tiny_dataset()
    features = dataset.features["image"]
    return {
        "item_states": features[:, :3].copy(),
        "item_adjacency": Adjacency(semantic_matrix(features, 4)),
        "user_item_adjacency": user_item_adjacency(dataset.interactions),
    }


def test_by_hand():
    # Item 0 is smoothed with item 1, item 1 stays, item 2 has no neighbors.
    item_graph = np.array([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 0]])
    # User 0 bought items 0 and 1, user 1 nothing, user 2 items 0 and 2.
    user_graph = np.array([[0.5, 0.5, 0], [0, 0, 0], [0.5, 0, 0.5]])
    result = SemanticConvolution()(
        np.array([[2.0], [4.0], [8.0]], "float32"),
        item_adjacency=Adjacency(scipy.sparse.csr_matrix(item_graph)),
        user_item_adjacency=Adjacency(scipy.sparse.csr_matrix(user_graph)),
    )
    # Items become 3, 4, 0; users 3.5, 0, 1.5.
    np.testing.assert_allclose(result, [[3.5], [0], [1.5], [3], [4], [0]])


def test_equals_the_equations():
    inputs = _inputs()
    graph = semantic_graph(tiny_dataset().features["image"], 4)
    expected = semantic_convolution(
        graph, inputs["item_states"].astype("float64"), 7, TINY_TRAIN
    )
    result = SemanticConvolution()(**inputs)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    # User 6 has bought nothing.
    assert result[6].numpy().tolist() == [0, 0, 0]


def test_modalities_side_by_side():
    # Two items and a user who bought both; the second graph swaps the items.
    graphs = [
        Adjacency(scipy.sparse.csr_matrix(matrix))
        for matrix in ([[1, 0], [0.5, 0.5]], [[0, 1], [1, 0]])
    ]
    result = SemanticConvolution()(
        [np.array([[2.0], [6.0]], "f4"), np.array([[3.0], [9.0]], "f4")],
        item_adjacency=graphs,
        user_item_adjacency=Adjacency(scipy.sparse.csr_matrix([[0.5, 0.5]])),
    )
    np.testing.assert_array_equal(result, [[3, 6], [2, 9], [4, 3]])


def test_states_side_by_side_by_modality():
    states = split_modalities(np.array([[1.0, 2, 3, 4]]), ["image", "text"])
    assert list(states) == ["image", "text"]
    np.testing.assert_array_equal(states["text"], [[3, 4]])


def test_layer():
    run_layer_test(SemanticConvolution, {}, _inputs(), (16, 3), 0)

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.baselines import pgl_global
from camgr_tf.baselines.pgl_global import PGLGlobal
from camgr_tf.baselines.pgl_global import principal_matrix
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset


def expected_graph(graph, num_triplets):
    """The graph from the triplets of the square matrix itself.

    An eigenvector `x` with the value `-s` is the triplet `(x, s, -x)`.
    """
    values, vectors = np.linalg.eigh(graph)
    order = np.argsort(-np.abs(values))[: 2 * num_triplets]
    values, vectors = values[order], vectors[:, order]
    sizes = np.abs(values)
    kept = 2 * max(1, num_triplets // 4)
    result = np.zeros_like(graph)
    for p in range(kept):
        x = vectors[:, p]
        weight = sizes[p] * sizes[2 * num_triplets - kept + p]
        result += weight * np.outer(x, np.sign(values[p]) * x)
    result[np.abs(result) < 1e-3] = 0.0
    return result


@pytest.mark.parametrize("num_triplets", [4, 5])
def test_the_graph_of_few_triplets(num_triplets):
    graph = oracle.symmetric(oracle.bipartite(tiny_dataset().interactions)[1])
    block = scipy.sparse.csr_matrix(graph[:7, 7:])
    np.testing.assert_allclose(
        principal_matrix(block, num_triplets).toarray(),
        expected_graph(graph, num_triplets)[:7, 7:],
        atol=1e-9,
    )


def test_the_graph_of_a_quarter_of_many_triplets(monkeypatch):
    rng = np.random.default_rng(0)
    matrix = (rng.random((50, 40)) < 0.15).astype("float64")
    graph = np.zeros((90, 90))
    graph[:50, 50:], graph[50:, :50] = matrix, matrix.T
    graph = oracle.symmetric(graph)
    block = scipy.sparse.csr_matrix(graph[:50, 50:])
    expected = expected_graph(graph, 32)[:50, 50:]
    found = principal_matrix(block)
    np.testing.assert_allclose(found.toarray(), expected, atol=1e-8)
    assert 0 < found.nnz < 2000
    monkeypatch.setattr(pgl_global, "BLOCK_ENTRIES", 300)
    np.testing.assert_allclose(
        principal_matrix(block).toarray(), found.toarray(), atol=1e-12
    )


def test_training_and_evaluation_have_their_graphs():
    dataset = tiny_dataset()
    model = PGLGlobal(dataset, num_neighbors=4, embedding_dim=6, dropout=0.0)
    graph = tf.sparse.to_dense(model.training_graph().tensor).numpy()
    np.testing.assert_array_equal(graph, graph.T)
    assert not graph[:7, :7].any() and not graph[7:, 7:].any()
    contents = np.asarray(model.item_contents())
    users = np.concatenate(
        [np.asarray(model.user_tables[m]) for m in ("image", "text")], axis=1
    )
    states = np.concatenate([users, contents])
    smoothed = oracle.blended(dataset.features, 4, 0.1) @ contents
    whole = oracle.symmetric(oracle.bipartite(dataset.interactions)[1])
    embedded = {}
    for training, matrix in ((True, graph), (False, whole)):
        nodes = oracle.lightgcn(matrix, states, 2)
        embedded[training] = nodes[:7], nodes[7:] + smoothed
        for found, expected in zip(model.embed(training), embedded[training]):
            np.testing.assert_allclose(found, expected, atol=1e-5)
    u, i, j = tiny_batch().values()
    users, items = embedded[True]
    for epoch in (0, 1):
        model.begin_epoch(epoch)
        assert float(model.loss_terms(**tiny_batch())["bpr"]) == pytest.approx(
            oracle.bpr(users[u], items[i], items[j]), abs=1e-5
        )

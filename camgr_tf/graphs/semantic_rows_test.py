import numpy as np
import pytest

from camgr_tf.graphs import semantic_matrix
from camgr_tf.graphs.semantic_rows import kept_similarities
from camgr_tf.graphs.semantic_rows import semantic_rows
from camgr_tf.ops import Adjacency
from camgr_tf.testing import tied_features


def test_semantic_rows_by_hand():
    features = np.array([[1, 0], [0, 2], [3, 3], [1, 0]], "float32")
    warm = np.array([True, True, True, False])
    new = np.array([[5, 0], [0, 0]], "float32")
    # Cosines to items 0, 1, 2: 1, 0, 1/sqrt(2); item 3 is not warm.
    root = np.sqrt(0.5)
    total = 1 + root
    rows = semantic_rows(features, new, warm, 2)
    np.testing.assert_allclose(
        rows.toarray(),
        [[1 / total, 0, root / total, 0], [0, 0, 0, 0]],
        rtol=1e-6,
    )
    rows = semantic_rows(features, new, warm, 2, np.array([4.0, 1, 9, 1]))
    np.testing.assert_allclose(
        rows.toarray()[0],
        [1 / np.sqrt(4 * total), 0, root / np.sqrt(9 * total), 0],
        rtol=1e-6,
    )


def test_equal_similarities_go_to_the_smaller_id():
    features = np.ones((6, 3), "float32")
    warm = np.array([False, True, True, False, True, True])
    rows = semantic_rows(features, features[:1], warm, 2)
    assert rows.indices.tolist() == [1, 2]


@pytest.mark.parametrize("include_self", [True, False])
def test_kept_similarities_are_the_row_sums_before_normalization(include_self):
    features = tied_features()
    graph = Adjacency(
        semantic_matrix(features, 8, include_self, normalization="symmetric")
    )
    unit = features.astype("float64")
    lengths = np.linalg.norm(unit, axis=1, keepdims=True)
    unit /= np.where(lengths > 0, lengths, 1)
    cosines = np.float32(unit @ unit.T)
    if not include_self:
        np.fill_diagonal(cosines, -np.inf)
    kept = -np.sort(-cosines, axis=1)[:, :8]
    expected = np.maximum(kept, 0).sum(axis=1)
    expected = np.where(expected > 0, expected, 1)
    np.testing.assert_allclose(
        kept_similarities(graph, features), expected, rtol=1e-5
    )

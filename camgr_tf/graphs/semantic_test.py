import numpy as np
import pytest

from camgr_tf.graphs import semantic
from camgr_tf.graphs.semantic import semantic_matrix
from camgr_tf.testing import COSINE_ROWS
from camgr_tf.testing import tied_features


def test_fixture_symmetric():
    matrix = semantic_matrix(COSINE_ROWS, 2, normalization="symmetric")
    np.testing.assert_allclose(
        matrix.toarray(),
        [[0.5279, 0, 0.4721], [0, 0.6910, 0.2701], [0.4721, 0, 0.5279]],
        atol=5e-5,
    )


def test_fixture_row():
    # Rows of the fixture's kept cosines over their sums: row 2 keeps itself
    # and item 3, 1 / (1 + .4472) = .6910.
    matrix = semantic_matrix(COSINE_ROWS, 2, normalization="row").toarray()
    np.testing.assert_allclose(
        matrix,
        [[0.5279, 0, 0.4721], [0, 0.6910, 0.3090], [0.4721, 0, 0.5279]],
        atol=5e-5,
    )
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("normalization", ["row", "symmetric"])
def test_a_zero_row_has_no_neighbors(normalization):
    features = tied_features()
    matrix = semantic_matrix(features, 9, normalization=normalization)
    assert np.isfinite(matrix.data).all()
    assert matrix[[7, 40]].nnz == 0
    assert matrix[:, [7, 40]].nnz == 0


def test_negative_similarities_become_zero():
    features = np.array([[1.0, 0.0], [-1.0, 0.0]], "float32")
    matrix = semantic_matrix(features, 2)
    assert matrix.toarray().tolist() == [[1, 0], [0, 1]]
    assert matrix.nnz == 2


def test_item_order_does_not_matter_without_ties():
    features = np.random.default_rng(1).normal(size=(30, 5)).astype("float32")
    order = np.random.default_rng(2).permutation(30)
    matrix = semantic_matrix(features, 4, normalization="symmetric").toarray()
    shuffled = semantic_matrix(features[order], 4, normalization="symmetric")
    np.testing.assert_allclose(
        shuffled.toarray(), matrix[np.ix_(order, order)], atol=1e-6
    )


def test_the_cache_is_reused(tmp_path, monkeypatch):
    features = tied_features()
    matrix = semantic_matrix(features, 5, cache_dir=tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    assert path.name.startswith("neighbors-") and path.suffix == ".npz"

    def refuse(*arguments):
        raise AssertionError("computed in spite of the cache")

    monkeypatch.setattr(semantic, "nearest_neighbors", refuse)
    again = semantic_matrix(features.copy(), 5, cache_dir=tmp_path / "cache")
    np.testing.assert_array_equal(again.toarray(), matrix.toarray())
    # Both normalizations start from the same neighbors.
    semantic_matrix(
        features, 5, normalization="symmetric", cache_dir=tmp_path / "cache"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"num_neighbors": 4},
        {"include_self": False},
        {"features": tied_features(seed=1)},
        {"features": tied_features() + np.eye(60, 7, dtype="float32") * 1e-6},
        {"features": tied_features().astype("float64")},
        {"features": tied_features()[:59]},
    ],
)
def test_a_change_makes_a_new_cache_entry(tmp_path, change):
    arguments = {"features": tied_features(), "num_neighbors": 5}
    semantic_matrix(**arguments, cache_dir=tmp_path)
    arguments |= change
    cached = semantic_matrix(**arguments, cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    np.testing.assert_array_equal(
        cached.toarray(), semantic_matrix(**arguments).toarray()
    )


def test_refuses_an_unknown_normalization():
    message = (
        r"`normalization` must be one of \['row', 'symmetric'\]. "
        "Received: normalization='both'"
    )
    with pytest.raises(ValueError, match=message):
        semantic_matrix(COSINE_ROWS, 2, normalization="both")


def test_an_item_is_not_its_own_neighbor_without_self():
    matrix = semantic_matrix(COSINE_ROWS, 1, include_self=False)
    assert matrix.toarray().argmax(axis=1).tolist() == [2, 2, 0]


def test_refuses_an_unknown_method():
    message = (
        r"`method` must be one of \('exact', 'approximate'\). "
        "Received: method='fast'"
    )
    with pytest.raises(ValueError, match=message):
        semantic_matrix(COSINE_ROWS, 2, method="fast")


def test_the_approximate_graph_has_a_cache_entry_of_its_own(tmp_path):
    pytest.importorskip("faiss")
    features = tied_features()
    exact = semantic_matrix(features, 5, cache_dir=tmp_path)
    matrix = semantic_matrix(
        features, 5, cache_dir=tmp_path, method="approximate"
    )
    assert len(list(tmp_path.iterdir())) == 2
    # So few items are one cell, and nothing is missed.
    np.testing.assert_allclose(
        matrix.sum(axis=1), exact.sum(axis=1), atol=1e-12
    )
    again = semantic_matrix(
        features, 5, cache_dir=tmp_path, method="approximate"
    )
    np.testing.assert_array_equal(again.toarray(), matrix.toarray())

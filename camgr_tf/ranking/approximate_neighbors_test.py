import logging
import sys

import numpy as np
import pytest

from camgr_tf.ranking import approximate_neighbors as approximate
from camgr_tf.ranking.approximate_neighbors import approximate_neighbors
from camgr_tf.ranking.approximate_neighbors import indexed_neighbors
from camgr_tf.ranking.approximate_neighbors import neighbor_index
from camgr_tf.ranking.neighbors import nearest_neighbors


def _clusters(num_items=2000, width=12, seed=0):
    """Rows around 40 directions."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(40, width))
    features = centers[rng.integers(40, size=num_items)]
    features = features + 0.3 * rng.normal(size=features.shape)
    return features.astype("float32")


@pytest.fixture(autouse=True)
def faiss():
    return pytest.importorskip("faiss")


@pytest.mark.parametrize("include_self", [True, False])
def test_recall_is_what_it_says(caplog, include_self):
    features = _clusters()
    with caplog.at_level(logging.INFO):
        indices, similarities, recall = approximate_neighbors(
            features, 7, include_self, min_recall=0.9, num_sampled=500
        )
    assert recall >= 0.9
    assert f"recall {recall:.4f} of 500 sampled items" in caplog.text
    exact, values = nearest_neighbors(features, 7, include_self)
    hits = [len(np.intersect1d(a, b)) for a, b in zip(indices, exact)]
    # A sample of 500 items with 7 neighbors: two standard errors are .02.
    assert np.mean(hits) / 7 == pytest.approx(recall, abs=0.02)
    assert indices.dtype == np.int32
    assert similarities.dtype == np.float32
    assert all(len(set(row)) == 7 for row in indices.tolist())


def test_similarities_are_those_of_the_exact_search():
    features = _clusters(300)
    indices, similarities, recall = approximate_neighbors(
        features, 5, min_recall=1.0
    )
    exact, values = nearest_neighbors(features, 5)
    assert recall == 1.0
    np.testing.assert_array_equal(indices, exact)
    np.testing.assert_allclose(similarities, values, atol=1e-7)


def test_the_same_seed_gives_the_same():
    features = _clusters()
    first = approximate_neighbors(features, 5, seed=3)
    again = approximate_neighbors(features, 5, seed=3)
    np.testing.assert_array_equal(first[0], again[0])


@pytest.mark.parametrize("include_self", [True, False])
def test_rows_of_zeros_and_equal_rows(include_self):
    features = _clusters(200)
    features[[0, 50]] = 0.0
    features[20:40] = features[100]
    indices, similarities, recall = approximate_neighbors(
        features, 4, include_self, min_recall=1.0
    )
    exact, values = nearest_neighbors(features, 4, include_self)
    assert recall == 1.0
    np.testing.assert_allclose(similarities, values, atol=1e-7)
    np.testing.assert_array_equal(indices[[0, 50]], exact[[0, 50]])
    if not include_self:
        assert (indices != np.arange(200)[:, None]).all()


def test_cells_with_too_few_items_are_completed():
    # Two cells of 40: more neighbors are asked for than either holds.
    features = _clusters(80, seed=1)
    indices, similarities, _ = approximate_neighbors(
        features, 60, min_recall=1e-3
    )
    _, values = nearest_neighbors(features, 60)
    assert (indices >= 0).all()
    assert np.isfinite(similarities).all()
    assert (similarities <= values + 1e-6).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_neighbors": 21}, "`num_neighbors` must be in 1..20"),
        (
            {"num_neighbors": 2, "min_recall": 0},
            r"`min_recall` must be in \(0, 1\]. Received: min_recall=0",
        ),
    ],
)
def test_refuses_bad_values(arguments, message):
    with pytest.raises(ValueError, match=message):
        approximate_neighbors(_clusters(20), **arguments)


def test_a_range_of_the_index_is_a_part_of_it(monkeypatch):
    monkeypatch.setattr(approximate, "TILE_NUMBERS", 50 * 12 * 3)
    features = _clusters(300)
    index, _ = neighbor_index(features, 3)
    whole = list(indexed_neighbors(index, features, 3))
    assert [len(rows) for rows, *_ in whole] == [50] * 6
    part = list(indexed_neighbors(index, features, 3, start=100, stop=170))
    assert [len(rows) for rows, *_ in part] == [50, 20]
    for values, others in zip(part[0], whole[2]):
        np.testing.assert_array_equal(values, others)


def test_without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    message = r"need faiss: pip install 'camgr_tf\[index\]'"
    with pytest.raises(ImportError, match=message):
        approximate_neighbors(_clusters(20), 2)

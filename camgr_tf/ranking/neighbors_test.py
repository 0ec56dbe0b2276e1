import tracemalloc

import numpy as np
import pytest

from camgr_tf.ranking import neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors
from camgr_tf.testing import COSINE_ROWS
from camgr_tf.testing import tied_features


def _brute_force(features, k, include_self=True):
    """Every pair, then a full sort by similarity and item id."""
    features = features.astype("float64")
    norms = np.linalg.norm(features, axis=1)
    similarities = np.zeros((len(features), len(features)))
    for f in range(len(features)):
        for g in range(len(features)):
            if norms[f] and norms[g]:
                similarities[f, g] = (
                    features[f] @ features[g] / (norms[f] * norms[g])
                )
    similarities = np.round(similarities, 9)
    if not include_self:
        np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(similarities, order, axis=1)


def test_fixture_without_self():
    indices, similarities = nearest_neighbors(
        COSINE_ROWS, 1, include_self=False
    )
    assert indices.tolist() == [[2], [2], [0]]
    np.testing.assert_allclose(
        similarities, [[0.8944], [0.4472], [0.8944]], atol=5e-5
    )


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("block_size", [1, 7, 16, 60, 1000, None])
@pytest.mark.parametrize("columns", [1, 10, 13, 59, 60])
def test_equals_brute_force_in_tiles_of_any_size(
    monkeypatch, columns, block_size, include_self
):
    monkeypatch.setattr(neighbors, "TILE_NUMBERS", columns * 7)
    features = tied_features()
    indices, similarities = nearest_neighbors(
        features, 9, include_self, block_size
    )
    expected, values = _brute_force(features, 9, include_self)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(similarities, values, atol=1e-6)
    assert indices.dtype == np.int32
    assert similarities.dtype == np.float32


@pytest.mark.parametrize("block_size", [1, 7, 64, 500])
def test_equal_rows_tie_however_the_machine_sums(block_size):
    # Wide rows: a float32 product gives equal columns different last digits,
    # and the neighbors then change with the block size.
    rng = np.random.default_rng(0)
    features = np.abs(rng.normal(size=(500, 700))).astype("float32")
    features[100:140] = features[5]
    features[300:305] = 2 * features[5]
    indices, similarities = nearest_neighbors(
        features, 4, block_size=block_size
    )
    for item in (5, 100, 139, 302):
        assert indices[item].tolist() == [5, 100, 101, 102]
        assert similarities[item].tolist() == [1, 1, 1, 1]


def test_ties_at_the_cut_go_to_the_smaller_id():
    features = np.ones((6, 2), "float32")
    indices, _ = nearest_neighbors(features, 3)
    assert indices.tolist() == [[0, 1, 2]] * 6
    indices, _ = nearest_neighbors(features, 3, include_self=False)
    assert indices.tolist() == [[1, 2, 3], [0, 2, 3]] + [
        [0, 1, 3],
        *[[0, 1, 2]] * 3,
    ]


def test_all_candidates_may_be_kept():
    features = tied_features(12)
    indices, _ = nearest_neighbors(features, 12)
    assert np.sort(indices, axis=1).tolist() == [list(range(12))] * 12
    indices, _ = nearest_neighbors(features, 11, include_self=False)
    assert all(item not in row for item, row in enumerate(indices))


def test_no_matrix_of_all_items_by_all_items():
    features = np.random.default_rng(0).normal(size=(4000, 8))
    features = features.astype("float32")
    tracemalloc.start()
    nearest_neighbors(features, 10, block_size=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All pairs are 64 MB in float32; a block of 100 rows is 5 MB at 12 bytes.
    assert peak < 10e6


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"num_neighbors": 0},
            "`num_neighbors` must be in 1..3, the number of candidate items. "
            "Received: num_neighbors=0",
        ),
        ({"num_neighbors": 4}, "1..3, .* Received: num_neighbors=4"),
        ({"num_neighbors": 3, "include_self": False}, "must be in 1..2"),
        (
            {"num_neighbors": 1, "block_size": 0},
            "`block_size` must be positive. Received: block_size=0",
        ),
    ],
)
def test_refuses_bad_sizes(arguments, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbors(COSINE_ROWS, **arguments)


@pytest.mark.parametrize("include_self", [True, False])
def test_neighbors_of_some_rows(include_self):
    features = tied_features()
    rows = np.array([41, 3, 20, 59])
    indices, similarities = nearest_neighbors(
        features, 6, include_self, block_size=3, rows=rows
    )
    expected, values = _brute_force(features, 6, include_self)
    np.testing.assert_array_equal(indices, expected[rows])
    np.testing.assert_allclose(similarities, values[rows], atol=1e-6)


def test_memory_does_not_grow_with_the_items(monkeypatch):
    monkeypatch.setattr(neighbors, "TILE_NUMBERS", 16_000)
    peaks = []
    for num_items in (4000, 32_000):
        features = np.random.default_rng(0).normal(size=(num_items, 16))
        features = features.astype("float32")
        tracemalloc.start()
        nearest_neighbors(features, 10, rows=np.arange(500))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Only the norms grow: 8 bytes, and as many while they are made.
    assert peaks[1] - peaks[0] < 28_000 * 30

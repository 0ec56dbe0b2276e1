from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.itemknn import ItemKNN
from camgr_tf.baselines.itemknn import co_occurrence_similarities
from camgr_tf.graphs import interaction_matrix
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_dataset


def expected_similarities(matrix, num_neighbors, shrinkage):
    """`s_ij`, pair by pair, sorted item by item."""
    num_items = matrix.shape[1]
    kept = np.zeros((num_items, num_items))
    for i in range(num_items):
        found = []
        for j in range(num_items):
            common = sum(row[i] * row[j] for row in matrix)
            if i != j and common:
                size = np.sqrt(matrix[:, i].sum() * matrix[:, j].sum())
                found.append((-round(common / (size + shrinkage), 9), j))
        for value, j in sorted(found)[:num_neighbors]:
            kept[i, j] = -value
    return kept


@pytest.mark.parametrize("num_neighbors", [1, 2, 3, 50])
@pytest.mark.parametrize("shrinkage", [0.0, 1.5])
def test_scores_agree_with_the_oracle(num_neighbors, shrinkage):
    dataset = tiny_dataset()
    matrix, _ = oracle.bipartite(dataset.interactions)
    similarities = expected_similarities(matrix, num_neighbors, shrinkage)
    model = ItemKNN(dataset, num_neighbors=num_neighbors, shrinkage=shrinkage)
    users, items = model.embed()
    np.testing.assert_array_equal(users.toarray(), matrix)
    np.testing.assert_allclose(items.toarray(), similarities, atol=1e-6)
    np.testing.assert_allclose(
        model(np.arange(7)), matrix @ similarities.T, atol=1e-5
    )


def test_a_score_by_hand():
    # Items 0 and 1 share user 0 and have 2 and 3 users: 1 / (sqrt(6) + 2).
    # Items 0 and 5 share user 3 and have 2 and 2: 1 / (2 + 2).
    model = ItemKNN(tiny_dataset(), num_neighbors=8, shrinkage=2.0)
    similarities = model.similarities.toarray()
    assert similarities[0, 1] == pytest.approx(1 / (np.sqrt(6) + 2))
    assert similarities[0, 5] == pytest.approx(1 / 4)
    assert similarities[0, 3] == similarities[0, 0] == 0.0


def test_the_block_size_does_not_matter():
    rng = np.random.default_rng(0)
    tiny = tiny_dataset().interactions
    pairs = np.unique(rng.integers(0, 40, size=(400, 2)), axis=0)
    matrix = interaction_matrix(
        replace(tiny, num_users=40, num_items=40, train=pairs.astype("int32"))
    )
    whole = co_occurrence_similarities(matrix, 5, 1.0).toarray()
    for size in (1, 7, 39):
        blocks = co_occurrence_similarities(matrix, 5, 1.0, block_size=size)
        np.testing.assert_array_equal(blocks.toarray(), whole)
    np.testing.assert_allclose(
        whole, expected_similarities(matrix.toarray(), 5, 1.0), atol=1e-6
    )


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"num_neighbors": 0}, "positive. Received: num_neighbors=0"),
        ({"shrinkage": -1.0}, "0 or more. Received: shrinkage=-1.0"),
        ({"shrinkage": np.nan}, "0 or more. Received: shrinkage=nan"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        ItemKNN(tiny_dataset(), **parameters)

from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines.contentknn import ContentKNN
from camgr_tf.models.fold_in import ItemNeighbors
from camgr_tf.testing import oracle
from camgr_tf.testing import tiny_dataset

ONE_TO_THREE = [
    (("text", 4),),
    (("image", 5), ("text", 4)),
    (("image", 5), ("audio", 3), ("text", 4)),
]


@pytest.mark.parametrize("widths", ONE_TO_THREE, ids=len)
def test_scores_agree_with_the_oracle(widths):
    dataset = tiny_dataset(widths)
    matrix, _ = oracle.bipartite(dataset.interactions)
    cosines = np.mean(
        [
            oracle.unit_rows(f.astype("float64"))
            @ oracle.unit_rows(f.astype("float64")).T
            for f in dataset.features.values()
        ],
        axis=0,
    )
    np.fill_diagonal(cosines, -np.inf)
    similarities = np.zeros((9, 9))
    for i, row in enumerate(cosines):
        for j in np.argsort(-row)[:3]:
            similarities[i, j] = max(row[j], 0.0)
    model = ContentKNN(dataset, num_neighbors=3)
    np.testing.assert_allclose(
        model.similarities.toarray(), similarities, atol=1e-6
    )
    np.testing.assert_allclose(
        model(np.arange(7)), matrix @ similarities.T, atol=1e-5
    )


def test_an_item_without_users_can_be_recommended():
    # Item 8 looks like item 0, which users 0 and 3 have.
    dataset = tiny_dataset((("text", 4),))
    dataset.features["text"][8] = 2.0 * dataset.features["text"][0]
    scores = ContentKNN(dataset, num_neighbors=1)(np.arange(7))
    np.testing.assert_allclose(scores[:, 8], [1, 0, 0, 1, 0, 0, 0], atol=1e-6)


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match="ContentKNN needs item features"):
        ContentKNN(replace(tiny_dataset(), features={}))
    with pytest.raises(ValueError, match="positive.*num_neighbors=0"):
        ContentKNN(tiny_dataset(), num_neighbors=0)


def test_more_neighbors_than_items_are_all():
    similarities = ContentKNN(tiny_dataset(), num_neighbors=50).similarities
    all_others = ContentKNN(tiny_dataset(), num_neighbors=8).similarities
    np.testing.assert_array_equal(similarities.toarray(), all_others.toarray())


def test_a_new_item_has_the_neighbors_of_its_features():
    dataset = tiny_dataset()
    model = ContentKNN(dataset, num_neighbors=3)
    features = {m: 2.0 * f[4:6] for m, f in dataset.features.items()}
    rows = model.embed_items(features, ItemNeighbors(dataset.features, None))
    # Unlike the items 4 and 5 themselves, it may be the neighbor of these.
    for row, item in zip(rows, (4, 5)):
        own = model.similarities[[item]].toarray()[0]
        assert row[item] == pytest.approx(1.0)
        kept = np.flatnonzero(row) != item
        expected = own[np.flatnonzero(row)[kept]]
        np.testing.assert_allclose(
            row[np.flatnonzero(row)[kept]], expected, atol=1e-6
        )
        assert len(expected) <= 2

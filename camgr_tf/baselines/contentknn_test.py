from dataclasses import replace

import numpy as np
import pytest

from camgr_tf.baselines import oracle
from camgr_tf.baselines.contentknn import ContentKNN
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
    with pytest.raises(ValueError, match="in 1..8.*num_neighbors=9"):
        ContentKNN(tiny_dataset(), num_neighbors=9)

import numpy as np

from camgr_tf.baselines.popularity import Popularity
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.evaluate import Evaluator

# Users of the items 0 to 8 in training, counted by hand; user 6 has none.
DEGREES = [2, 3, 2, 2, 2, 2, 2, 2, 0]


def test_scores_are_numbers_of_users():
    model = Popularity(tiny_dataset())
    np.testing.assert_array_equal(
        model(np.arange(7)), np.tile(np.float32(DEGREES), (7, 1))
    )


def test_ties_are_ranked_by_the_smaller_item():
    dataset = tiny_dataset()
    evaluator = Evaluator(dataset.interactions, "test", cutoffs=(4,))
    ranking = evaluator.rank(*Popularity(dataset).embed())
    # User 0 has the items 0, 1 and 2; user 4 has 6 and 7.
    assert ranking[0].tolist() == [3, 4, 5, 6]
    assert ranking[4].tolist() == [1, 0, 2, 3]

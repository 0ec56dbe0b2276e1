import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.data.user_items import UserItems
from camgr_tf.testing import tiny_dataset
from camgr_tf.training import evaluate
from camgr_tf.training.device_ranking import DeviceRanking
from camgr_tf.training.device_ranking import lives_on_gpu
from camgr_tf.training.evaluate import Evaluator


def _lists(scores, hidden, k):
    """By sorting: the best items, of equal ones the smaller, -1 behind."""
    lists = []
    for row, values in enumerate(scores):
        open_items = [
            item
            for item in np.lexsort((np.arange(len(values)), -values))
            if (row, item) not in hidden
        ]
        lists.append((open_items + [-1] * k)[:k])
    return lists


@pytest.mark.parametrize("scores_at_a_time", [1, 60, 100, 10_000])
def test_lists_equal_those_of_a_sort(scores_at_a_time):
    rng = np.random.default_rng(0)
    # Whole numbers, so that products are exact and many are equal.
    users = rng.integers(-2, 3, (13, 3)).astype("float32")
    items = rng.integers(-2, 3, (20, 3)).astype("float32")
    pairs = np.argwhere(rng.random((13, 20)) < 0.4)
    pairs = np.concatenate([pairs, [(5, item) for item in range(18)]])
    user_ids = np.delete(np.arange(13), [0, 7])
    masked = UserItems(pairs, 13, 20)
    ranking = DeviceRanking(masked, user_ids, 20, 6, scores_at_a_time)
    hidden = set(map(tuple, pairs.tolist()))
    expected = _lists(users @ items.T, hidden, 6)
    lists = ranking(users, items)
    assert lists.dtype == np.int32
    assert lists.tolist() == [expected[user] for user in user_ids]
    # Two items are left to user 5.
    assert (lists[user_ids == 5] >= 0).sum() == 2


def test_nobody_has_a_masked_item():
    masked = UserItems(np.empty((0, 2), int), 3, 4)
    ranking = DeviceRanking(masked, np.array([2, 0]), 4, 4)
    scores = np.array([[1, 2, 3, 4], [0, 0, 0, 0], [2, 2, 1, 2]], "float32")
    lists = ranking(scores, np.eye(4, dtype="float32"))
    assert lists.tolist() == [[0, 1, 3, 2], [3, 2, 1, 0]]


@pytest.mark.parametrize("least", [-3e38, -np.inf])
def test_the_worst_score_stands_before_a_masked_item(least):
    masked = UserItems(np.array([(0, 0)]), 1, 3)
    users = np.array([[1e38]], "float32")
    # The product with the last item overflows where `least` is infinite.
    factor = -100.0 if np.isinf(least) else -3.0
    items = np.array([[1.0], [0.5], [factor]], "float32")
    lists = DeviceRanking(masked, np.array([0]), 3, 3)(users, items)
    assert lists.tolist() == [[1, 2, -1]]


@pytest.fixture
def on_device(monkeypatch):
    """Whatever the embeddings are, they count as lying on a GPU."""
    monkeypatch.setattr(evaluate, "lives_on_gpu", lambda *values: True)


@pytest.mark.parametrize("part, mask", [
    ("validation", False), ("test", False), ("test", True)
])  # fmt: skip
def test_an_evaluation_equals_that_of_numpy(part, mask, monkeypatch):
    interactions = tiny_dataset().interactions
    rng = np.random.default_rng(1)
    embeddings = [
        tf.constant(rng.normal(size=(size, 4)), "float32") for size in (7, 9)
    ]
    arrays = [v.numpy() for v in embeddings]
    expected = Evaluator(interactions, part, mask).evaluate(*arrays)
    monkeypatch.setattr(evaluate, "lives_on_gpu", lambda *values: True)
    # NumPy's ranking is not reached.
    monkeypatch.setattr(evaluate, "dense_product", None)
    evaluator = Evaluator(interactions, part, mask)
    for _ in range(2):
        results = evaluator.evaluate(*embeddings)
        assert results == pytest.approx(expected, abs=1e-6)


def test_scores_of_the_lists_equal_those_of_numpy():
    rng = np.random.default_rng(2)
    users = rng.normal(size=(300, 64)).astype("float32")
    items = rng.normal(size=(500, 64)).astype("float32")
    pairs = np.stack([np.arange(300), rng.integers(0, 500, 300)], 1)
    masked = UserItems(pairs, 300, 500)
    lists = DeviceRanking(masked, np.arange(300), 500, 20, 40_000)(users, items)
    scores = users.astype("float64") @ items.T.astype("float64")
    found = np.take_along_axis(scores, lists, axis=1)
    scores[pairs[:, 0], pairs[:, 1]] = -np.inf
    best = -np.sort(-scores, axis=1)[:, :20]
    # Sums of 64 products of size 1: relative to the largest, near 30.
    np.testing.assert_allclose(found / 30, best / 30, atol=1e-6)


def test_what_is_not_finite_is_refused_on_the_device_too(on_device):
    evaluator = Evaluator(tiny_dataset().interactions, "test")
    users = tf.constant(np.full((7, 2), np.nan), "float32")
    with pytest.raises(ValueError, match="`user_embeddings` has entries"):
        evaluator.rank(users, tf.ones((9, 2)))
    with pytest.raises(ValueError, match="`item_embeddings` has entries"):
        evaluator.rank(tf.ones((7, 2)), tf.fill((9, 2), np.inf))


def test_arrays_and_tensors_of_the_processor_stay_there():
    with tf.device("CPU:0"):
        tensor, variable = tf.ones((2, 2)), tf.Variable(tf.ones((2, 2)))
    assert not lives_on_gpu(tensor, tensor)
    assert not lives_on_gpu(variable, np.ones((2, 2)))


@pytest.mark.gpu
def test_tensors_of_a_gpu_are_ranked_there(monkeypatch):
    monkeypatch.setattr(evaluate, "dense_product", None)
    users, items = tf.ones((7, 2)), tf.ones((9, 2))
    assert lives_on_gpu(users, items)
    evaluator = Evaluator(tiny_dataset().interactions, "test")
    assert evaluator.rank(users, items).shape == (len(evaluator.user_ids), 9)

import dataclasses

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.testing import TINY_TEST
from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import TINY_VALIDATION
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.evaluate import Evaluator

INTERACTIONS = tiny_dataset().interactions


def _interactions(num_users, num_items, **parts):
    arrays = {
        part: np.array(parts.get(part, []), "int32").reshape(-1, 2)
        for part in ("train", "validation", "test")
    }
    return dataclasses.replace(
        INTERACTIONS, num_users=num_users, num_items=num_items, **arrays
    )


def _embeddings(scores):
    """User and item embeddings whose products are `scores`."""
    scores = np.asarray(scores, "float32")
    return scores, np.eye(scores.shape[1], dtype="float32")


def _random_embeddings(seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(7, 4)).astype("float32"),
        rng.normal(size=(9, 4)).astype("float32"),
    )


def _held_out(pairs, user):
    return {item for u, item in pairs if u == user}


def test_fixture_of_all_metrics():
    # By hand. The user's items are 0 to 4 by rank;
    # user 0 holds out 0 and 2, user 1 item 9, user 2 items 1 to 3 and five
    # more that stand behind rank 5.
    held_out = [(0, 0), (0, 2), (1, 9)]
    held_out += [(2, item) for item in (1, 2, 3, 10, 11, 12, 13, 14)]
    interactions = _interactions(3, 15, train=[(0, 8)], test=held_out)
    scores = np.tile(np.arange(15, 0, -1), (3, 1))
    evaluator = Evaluator(interactions, "test", cutoffs=(1, 2, 3, 4, 5))
    results = evaluator.evaluate(*_embeddings(scores))
    expected = {
        "recall": [0.166667, 0.208333, 0.416667, 0.458333, 0.458333],
        "precision": [0.333333, 0.333333, 0.444444, 0.416667, 0.333333],
        "ndcg": [0.333333, 0.333333, 0.483481, 0.509780, 0.483119],
        "map": [0.333333, 0.250000, 0.407407, 0.437500, 0.405556],
    }
    for name, values in expected.items():
        for k, value in enumerate(values, start=1):
            assert results[f"{name}@{k}"] == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize("part, mask", [
    ("validation", False), ("test", False), ("test", True)
])  # fmt: skip
def test_ranking_equals_a_loop_over_users(part, mask):
    users, items = _random_embeddings()
    evaluator = Evaluator(INTERACTIONS, part, mask, cutoffs=(2, 4))
    ranking = evaluator.rank(users, items)
    assert ranking.dtype == np.int32 and ranking.shape == (6, 4)
    held_out = TINY_TEST if part == "test" else TINY_VALIDATION
    assert evaluator.user_ids.tolist() == sorted({u for u, _ in held_out})
    recalls = []
    for row, user in enumerate(evaluator.user_ids):
        scores = users[user] @ items.T
        hidden = _held_out(TINY_TRAIN, user)
        if mask:
            hidden |= _held_out(TINY_VALIDATION, user)
        candidates = [item for item in range(9) if item not in hidden]
        best = sorted(candidates, key=lambda item: -scores[item])[:4]
        assert ranking[row].tolist() == best
        relevant = _held_out(held_out, user)
        recalls.append(len(relevant & set(best[:2])) / len(relevant))
    per_user = evaluator.per_user(ranking)
    np.testing.assert_allclose(per_user["recall@2"], recalls)
    assert evaluator.summarize(ranking)["recall@2"] == pytest.approx(
        np.mean(recalls)
    )


def test_masks_decide_what_can_be_found():
    interactions = _interactions(
        1, 4, train=[(0, 0)], validation=[(0, 1)], test=[(0, 2)]
    )
    embeddings = _embeddings([[4.0, 3.0, 2.0, 1.0]])
    open_list = Evaluator(interactions, "test", cutoffs=(1, 2))
    # The training item is hidden; the validation item comes first.
    assert open_list.rank(*embeddings).tolist() == [[1, 2]]
    assert open_list.evaluate(*embeddings)["recall@1"] == 0.0
    masked = Evaluator(interactions, "test", True, cutoffs=(1, 2))
    assert masked.rank(*embeddings).tolist() == [[2, 3]]
    assert masked.evaluate(*embeddings)["recall@1"] == 1.0


@pytest.mark.parametrize("least", [-1e9, -1e12])
def test_a_masked_item_is_in_no_list_however_bad_the_others_are(least):
    interactions = _interactions(1, 3, train=[(0, 0)], test=[(0, 2)])
    embeddings = _embeddings([[1e9, least, least / 2]])
    evaluator = Evaluator(interactions, "test", cutoffs=(2, 3))
    assert evaluator.rank(*embeddings).tolist() == [[2, 1, -1]]


@pytest.mark.parametrize("block_size", [1, 2, 4, 100])
def test_block_size_does_not_matter(block_size):
    embeddings = _random_embeddings(1)
    results = Evaluator(INTERACTIONS, "test").evaluate(*embeddings)
    in_blocks = Evaluator(INTERACTIONS, "test", block_size=block_size)
    assert in_blocks.evaluate(*embeddings) == results


def test_catalog_measures_by_hand():
    # Two users see items (0, 1) and (0, 2): exposures 2, 1, 1, 0.
    interactions = _interactions(
        3, 4, train=[(0, 3), (1, 3), (2, 0)], test=[(0, 0), (1, 1)]
    )
    embeddings = _embeddings([[4, 3, 2, 9], [4, 2, 3, 9], [0, 0, 0, 0]])
    evaluator = Evaluator(interactions, "test", cutoffs=(1, 2))
    results = evaluator.evaluate(*embeddings)
    assert results["item_coverage@1"] == 0.25
    assert results["item_coverage@2"] == 0.75
    # Sorted 0, 1, 1, 2 with weights -3, -1, 1, 3 over 4 * 4.
    assert results["gini@2"] == pytest.approx(6 / 16)
    # Item 0 has one training interaction, items 1 and 2 have none.
    assert results["mean_popularity@2"] == pytest.approx(2 / 4)


def test_masked_items_are_shown_to_nobody():
    # User 0 has seen all but items 2 and 1, user 1 all but item 3; three
    # places each. Shown are 2, 1 and 3: exposures 0, 1, 1, 1, 0.
    train = [(0, 0), (0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 4), (2, 1)]
    interactions = _interactions(3, 5, train=train, test=[(0, 1), (1, 3)])
    embeddings = _embeddings([[9, 1, 2, 9, 9], [9, 9, 9, 1, 9], [0] * 5])
    results = Evaluator(interactions, "test", cutoffs=(3,)).evaluate(
        *embeddings
    )
    assert results["item_coverage@3"] == pytest.approx(3 / 5)
    # Sorted 0, 0, 1, 1, 1 with weights -4, -2, 0, 2, 4 over 5 * 3.
    assert results["gini@3"] == pytest.approx(6 / 15)
    # In training 1 has two rows, 2 and 3 have one.
    assert results["mean_popularity@3"] == pytest.approx(4 / 3)
    # Three places, though one list has two items and the other one.
    assert results["precision@3"] == pytest.approx(1 / 3)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.95), st.booleans())
def test_catalog_measures_equal_lists_made_one_by_one(seed, density, mask):
    rng = np.random.default_rng(seed)
    num_users, num_items, k = 5, 7, 4
    taken = rng.random((num_users, num_items)) < density
    labels = rng.choice(3, size=taken.shape, p=[0.8, 0.1, 0.1])
    labels[~taken] = -1
    labels[0, :2] = 0, 2  # a training row, and a user to be tested
    parts = {
        name: np.argwhere(labels == place)
        for place, name in enumerate(("train", "validation", "test"))
    }
    interactions = _interactions(num_users, num_items, **parts)
    scores = rng.permutation(num_users * num_items).reshape(taken.shape)
    results = Evaluator(interactions, "test", mask, cutoffs=(k,)).evaluate(
        *_embeddings(scores)
    )
    lists = []
    for user in np.unique(parts["test"][:, 0]):
        hidden = {0, 1} if mask else {0}
        unseen = [i for i in range(num_items) if labels[user, i] not in hidden]
        lists += sorted(unseen, key=lambda i: -scores[user, i])[:k]
    degrees = (labels == 0).sum(axis=0)
    exposure = np.array([lists.count(item) for item in range(num_items)])
    gaps = np.abs(exposure[:, None] - exposure[None, :]).mean()
    assert results[f"item_coverage@{k}"] == len(set(lists)) / num_items
    assert results[f"gini@{k}"] == pytest.approx(gaps / (2 * exposure.mean()))
    assert results[f"mean_popularity@{k}"] == pytest.approx(
        degrees[lists].mean()
    )


def test_more_places_than_items():
    results = Evaluator(INTERACTIONS, "test", cutoffs=(9, 50)).evaluate(
        *_random_embeddings()
    )
    # Every candidate is listed, so everything is found.
    assert results["recall@50"] == results["recall@9"] == 1.0
    assert results["ndcg@50"] == pytest.approx(results["ndcg@9"])


def test_sparse_embeddings_rank_like_dense_ones():
    rng = np.random.default_rng(2)
    embeddings = [
        rng.integers(0, 3, size=(n, 6)).astype("float64")
        for n in (INTERACTIONS.num_users, INTERACTIONS.num_items)
    ]
    evaluator = Evaluator(INTERACTIONS, "test", block_size=2)
    np.testing.assert_array_equal(
        evaluator.rank(*map(scipy.sparse.csr_matrix, embeddings)),
        evaluator.rank(*embeddings),
    )
    embeddings[0][0, 0] = np.nan
    with pytest.raises(ValueError, match="`user_embeddings` has entries"):
        evaluator.rank(*map(scipy.sparse.csr_matrix, embeddings))


@pytest.mark.parametrize("which", ["user_embeddings", "item_embeddings"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_embeddings_that_are_not_finite(which, value):
    users, items = _random_embeddings()
    (users if which == "user_embeddings" else items)[3, 1] = value
    message = f"`{which}` has entries that are not finite: the training has"
    with pytest.raises(ValueError, match=message):
        Evaluator(INTERACTIONS, "test").rank(users, items)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"part": "train"},
            "`part` must be 'validation' or 'test'. Received: part='train'",
        ),
        (
            {"part": "validation", "mask_validation": True},
            "`mask_validation` needs part='test'",
        ),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Evaluator(INTERACTIONS, **arguments)


def test_refuses_a_part_without_rows():
    interactions = _interactions(2, 3, train=[(0, 1)])
    with pytest.raises(ValueError, match="The test part .* has no rows"):
        Evaluator(interactions, "test")

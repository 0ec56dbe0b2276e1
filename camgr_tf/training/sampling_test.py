import dataclasses

import numpy as np
import pytest
import scipy.stats

from camgr_tf.testing import TINY_TRAIN
from camgr_tf.testing import tiny_dataset
from camgr_tf.training import sampling
from camgr_tf.training.sampling import NegativeSampler
from camgr_tf.training.sampling import TrainingBatches

INTERACTIONS = tiny_dataset().interactions


def _epoch(batches):
    rows = [batches[index] for index in range(len(batches))]
    return {key: np.concatenate([r[key] for r in rows]) for key in rows[0]}


def test_never_a_training_positive_and_only_training_items():
    users = np.repeat(np.arange(7), 500)
    negatives = NegativeSampler(INTERACTIONS).sample(
        users, np.random.default_rng(0)
    )
    assert negatives.dtype == np.int32 and negatives.shape == users.shape
    assert not set(zip(users.tolist(), negatives.tolist())) & set(TINY_TRAIN)
    # Item 8 does not occur in training; items 0 to 7 do.
    assert set(negatives.tolist()) == set(range(8))


@pytest.mark.parametrize("marks_per_pair", [0, 1, 32])
def test_marks_only_save_time(monkeypatch, marks_per_pair):
    # With 0 all pairs share one place, and every item is searched for.
    monkeypatch.setattr(sampling, "MARKS_PER_PAIR", marks_per_pair)
    sampler = NegativeSampler(INTERACTIONS)
    pairs = [(user, item) for user in range(7) for item in range(9)]
    found = sampler._is_positive(np.array([9 * u + i for u, i in pairs]))
    assert [pair for pair, yes in zip(pairs, found) if yes] == TINY_TRAIN


def test_marks_take_a_bit_a_place():
    sampler = NegativeSampler(INTERACTIONS)
    # 17 pairs, 32 places each and one more.
    assert sampler._marks.nbytes == 545 // 8 + 1


def test_held_out_items_are_legal():
    users = np.zeros(500, int)
    negatives = NegativeSampler(INTERACTIONS).sample(
        users, np.random.default_rng(0)
    )
    # User 0 has item 3 in validation and item 4 in test.
    assert {3, 4} <= set(negatives.tolist())


@pytest.mark.parametrize("user, legal", [(0, 5), (2, 4), (6, 8)])
def test_uniform(user, legal):
    rng = np.random.default_rng(1)
    users = np.full(8000, user)
    negatives = NegativeSampler(INTERACTIONS).sample(users, rng)
    counts = np.bincount(negatives, minlength=9)
    counts = counts[counts > 0]
    assert len(counts) == legal
    assert scipy.stats.chisquare(counts).pvalue > 0.001


def test_a_user_with_one_item_left():
    train = np.array([(0, i) for i in range(7)] + [(1, 7)], "int32")
    interactions = dataclasses.replace(INTERACTIONS, train=train)
    negatives = NegativeSampler(interactions).sample(
        np.zeros(50, int), np.random.default_rng(0)
    )
    assert negatives.tolist() == [7] * 50


def _draw_by_the_plain_loop(interactions, user_ids, rng):
    """Item by item again until it is none of the user's, without an end."""
    pairs = set(map(tuple, interactions.train.tolist()))
    candidates = sorted({item for _, item in pairs})
    drawn = rng.choice(candidates, size=len(user_ids))
    rows = list(range(len(user_ids)))
    while rows:
        rows = [r for r in rows if (user_ids[r], drawn[r]) in pairs]
        drawn[rows] = rng.choice(candidates, size=len(rows))
    return drawn


@pytest.mark.parametrize("piece", [7, 1000, 1 << 20])
@pytest.mark.parametrize("seed", range(3))
def test_ordinary_draws_are_those_of_the_plain_loop(monkeypatch, seed, piece):
    # Pieces that end within bytes of marks and between draws of 32 bits.
    monkeypatch.setattr(sampling, "PIECE", piece)
    users = np.random.default_rng(seed).integers(7, size=3000)
    negatives = NegativeSampler(INTERACTIONS).sample(
        users, np.random.default_rng(seed)
    )
    expected = _draw_by_the_plain_loop(
        INTERACTIONS, users, np.random.default_rng(seed)
    )
    np.testing.assert_array_equal(negatives, expected)


def test_users_with_nearly_everything_take_few_rounds(monkeypatch):
    # User 0 lacks item 7 of 10,000, user 1 items 3 and 9,999.
    items = np.arange(10_000)
    train = np.concatenate(
        [
            np.stack([np.full(len(kept), user), kept], axis=1)
            for user, kept in enumerate(
                [np.delete(items, 7), np.delete(items, [3, 9_999])]
            )
        ]
    ).astype("int32")
    interactions = dataclasses.replace(
        INTERACTIONS, num_items=10_000, train=train
    )
    sampler = NegativeSampler(interactions)
    rounds = []
    search = sampler._is_positive
    monkeypatch.setattr(
        sampler, "_is_positive", lambda keys: rounds.append(1) or search(keys)
    )
    users = np.tile([1, 0, 1], 1000)
    negatives = sampler.sample(users, np.random.default_rng(0))
    assert len(rounds) <= 40
    assert set(negatives[users == 0]) == {7}
    counts = np.unique(negatives[users == 1], return_counts=True)
    assert counts[0].tolist() == [3, 9_999]
    assert scipy.stats.chisquare(counts[1]).pvalue > 0.001


def test_refuses_a_user_who_bought_everything():
    train = np.array([(0, 1), (3, 1), (3, 2), (3, 5), (4, 2)], "int32")
    interactions = dataclasses.replace(INTERACTIONS, train=train)
    message = (
        "User 3 has bought all 3 items that occur in training, so that no "
        "negative item exists for it. Remove the user."
    )
    with pytest.raises(ValueError, match=message):
        NegativeSampler(interactions)


@pytest.mark.parametrize("batch_size, sizes", [(5, [5, 5, 5, 2]), (100, [17])])
def test_an_epoch_visits_every_row_once(batch_size, sizes):
    batches = TrainingBatches(INTERACTIONS, batch_size)
    assert [len(batches[b]["user_ids"]) for b in range(len(batches))] == sizes
    epoch = _epoch(batches)
    pairs = zip(epoch["user_ids"].tolist(), epoch["positive_item_ids"].tolist())
    assert sorted(pairs) == TINY_TRAIN
    assert all(ids.dtype == np.int32 for ids in epoch.values())


def test_reproducible_by_seed_and_epoch():
    batches = TrainingBatches(INTERACTIONS, 5, seed=3)
    first = _epoch(batches)
    batches.on_epoch_end()
    second = _epoch(batches)
    resumed = _epoch(TrainingBatches(INTERACTIONS, 5, seed=3, epoch=1))
    other = _epoch(TrainingBatches(INTERACTIONS, 5, seed=4))
    for key in first:
        np.testing.assert_array_equal(second[key], resumed[key])
    for different in (second, other):
        assert any((different[key] != first[key]).any() for key in first)


def test_negatives_are_drawn_anew_each_epoch():
    batches = TrainingBatches(INTERACTIONS, 100)
    seen = set()
    for _ in range(30):
        epoch = _epoch(batches)
        row = (epoch["user_ids"] == 1) & (epoch["positive_item_ids"] == 3)
        seen |= set(epoch["negative_item_ids"][row].tolist())
        batches.on_epoch_end()
    # User 1 has bought 1 and 3 of the items 0 to 7.
    assert seen == {0, 2, 4, 5, 6, 7}


def test_refuses_a_batch_size_of_zero():
    message = "`batch_size` must be positive. Received: batch_size=0"
    with pytest.raises(ValueError, match=message):
        TrainingBatches(INTERACTIONS, 0)

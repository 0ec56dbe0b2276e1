import numpy as np
import pytest
import scipy.sparse

from camgr_tf.data.user_items import UserItems
from camgr_tf.ranking import block
from camgr_tf.ranking.block import Vectors
from camgr_tf.ranking.block import rank_block

NUM_USERS, NUM_ITEMS, DIM = 23, 17, 5


def _problem(seed=0):
    """Vectors with many equal scores; user 4 has seen nothing, 6 all."""
    rng = np.random.default_rng(seed)
    users = rng.integers(-2, 3, (NUM_USERS, DIM)).astype("float32")
    items = rng.integers(-2, 3, (NUM_ITEMS, DIM)).astype("float32")
    pairs = rng.integers(0, (NUM_USERS, NUM_ITEMS), (60, 2))
    pairs = pairs[pairs[:, 0] != 4]
    every = np.stack([np.full(NUM_ITEMS, 6), np.arange(NUM_ITEMS)], axis=1)
    pairs = np.concatenate([pairs, every])
    popularity = np.bincount(pairs[:, 1], minlength=NUM_ITEMS)
    return Vectors(users, items, popularity), pairs


def _oracle(vectors, pairs, k, exclude_seen=True):
    """Each user's list by a sort of pairs of minus the score and the item."""
    items, scores = [], []
    for user in range(NUM_USERS):
        seen = set(pairs[pairs[:, 0] == user, 1].tolist())
        values = [
            float(np.dot(vectors.users[user], vectors.items[item]))
            for item in range(NUM_ITEMS)
        ]
        if not seen:
            values = vectors.popularity.tolist()
        left_out = seen if exclude_seen else set()
        ranked = sorted(
            (-values[item], item)
            for item in range(NUM_ITEMS)
            if item not in left_out
        )[:k]
        short = k - len(ranked)
        items.append([item for _, item in ranked] + [-1] * short)
        scores.append([-value for value, _ in ranked] + [-np.inf] * short)
    return np.array(items), np.array(scores)


@pytest.mark.parametrize("exclude_seen", [True, False])
@pytest.mark.parametrize("tile_numbers", [1, 15, 10_000])
@pytest.mark.parametrize("entries", [1, 4 * NUM_ITEMS, 10_000])
def test_equals_a_sort_of_pairs(
    monkeypatch, entries, tile_numbers, exclude_seen
):
    monkeypatch.setattr(block, "BLOCK_ENTRIES", entries)
    monkeypatch.setattr(block, "TILE_NUMBERS", tile_numbers)
    vectors, pairs = _problem()
    seen = UserItems(pairs, NUM_USERS, NUM_ITEMS)
    for k in (1, 6, NUM_ITEMS):
        items, scores = _oracle(vectors, pairs, k, exclude_seen)
        for start, stop in ((0, NUM_USERS), (3, 8), (9, 10), (22, 23)):
            found = rank_block(vectors, seen, start, stop, k, exclude_seen)
            np.testing.assert_array_equal(found[0], items[start:stop])
            np.testing.assert_array_equal(found[1], scores[start:stop])
            assert found[0].dtype == np.int32
            assert found[1].dtype == np.float32


def test_sparse_vectors_have_the_same_lists():
    vectors, pairs = _problem(1)
    seen = UserItems(pairs, NUM_USERS, NUM_ITEMS)
    sparse = vectors._replace(
        users=scipy.sparse.csr_matrix(vectors.users),
        items=scipy.sparse.csr_matrix(vectors.items),
    )
    items, scores = rank_block(sparse, seen, 2, 20, 6)
    expected, values = _oracle(vectors, pairs, 6)
    np.testing.assert_array_equal(items, expected[2:20])
    np.testing.assert_array_equal(scores, values[2:20])


def test_a_user_is_multiplied_in_the_same_block_whatever_the_range(
    monkeypatch,
):
    monkeypatch.setattr(block, "BLOCK_ENTRIES", 4 * NUM_ITEMS)
    vectors, pairs = _problem()
    # The first number of a user's vector is the user.
    vectors.users[:, 0] = np.arange(NUM_USERS)
    seen = UserItems(pairs, NUM_USERS, NUM_ITEMS)
    multiplied, scores = [], block._scores

    def recorded(users, items):
        multiplied.append(users[:, 0].tolist())
        return scores(users, items)

    monkeypatch.setattr(block, "_scores", recorded)
    rank_block(vectors, seen, 6, 21, 3)
    assert multiplied == [
        [4, 5, 6, 7],
        [8, 9, 10, 11],
        [12, 13, 14, 15],
        [16, 17, 18, 19],
        [20, 21, 22],
    ]

import itertools

import numpy as np
import pytest

from camgr_tf.reporting.consistency import find_impossible
from camgr_tf.reporting.consistency import ndcg_range


def test_one_test_item_each_by_hand():
    # A hit at rank 20 is worth 1 / log2(21), at rank 11 1 / log2(12).
    low, high = ndcg_range(0.04, 11, 20, {1: 500})
    assert low == pytest.approx(0.04 / np.log2(21))
    assert high == pytest.approx(0.04 / np.log2(12))


def test_users_with_two_items_by_hand():
    # Half of the users have one item, half two. Recall 0.75 at ranks 1 to 2:
    # at most all of the first kind (0.5 of recall at 0.5 of NDCG) and a half
    # of the items of the second; best are the second kind's hits at rank 1,
    # 0.25 of recall for 0.5 / 1.63093 = 0.30657 of NDCG, then the first kind.
    ideal = 1 + 1 / np.log2(3)
    _, high = ndcg_range(0.75, 1, 2, {1: 10, 2: 10})
    assert high == pytest.approx(0.5 / ideal + 0.5)
    # Lowest: the first kind at rank 2, then the second kind at rank 2.
    low, _ = ndcg_range(0.75, 1, 2, {1: 10, 2: 10})
    assert low == pytest.approx((0.5 + 0.5 / ideal) / np.log2(3))


def test_recall_that_no_ranking_reaches():
    # A window of 10 ranks holds at most 10 of 20 items.
    assert ndcg_range(0.6, 1, 10, {20: 5}) == (np.inf, np.inf)


def test_all_rankings_of_a_small_case_lie_within_the_range():
    """Three items of two users on all of some ranks below and beyond 20."""
    ranks_used = (0, 1, 4, 9, 10, 11, 15, 19, 20, 23)
    discounts = 1 / np.log2(np.arange(2, 26))
    ideals = {2: discounts[:2].sum(), 1: 1.0}
    one = [[r] for r in ranks_used]
    two = [list(pair) for pair in itertools.combinations(ranks_used, 2)]
    for a, b in itertools.product(one, two):
        values = {}
        for k in (10, 20):
            hits = [[r for r in ranks if r < k] for ranks in (a, b)]
            values[f"recall@{k}"] = (len(hits[0]) + len(hits[1]) / 2) / 2
            values[f"ndcg@{k}"] = (
                discounts[hits[0]].sum() + discounts[hits[1]].sum() / ideals[2]
            ) / 2
        assert not find_impossible(values, {1: 1, 2: 1}), (a, b)
        assert not find_impossible(values), (a, b)


def test_random_rankings_of_users_with_many_items_lie_within_the_range():
    # More than 10 test items: NDCG may fall from cutoff 10 to 20.
    rng = np.random.default_rng(0)
    discounts = 1 / np.log2(np.arange(2, 22))
    counts = np.array([1, 3, 11, 15, 30])
    fell = False
    for _ in range(300):
        eager = rng.uniform(0.5, 8)
        values = dict.fromkeys(
            ("recall@10", "recall@20", "ndcg@10", "ndcg@20"), 0.0
        )
        for count in counts:
            weights = np.ones(60)
            weights[:10] = eager
            ranks = rng.choice(
                60, count, replace=False, p=weights / weights.sum()
            )
            for k in (10, 20):
                hits = ranks[ranks < k]
                ideal = discounts[: min(count, k)].sum()
                values[f"recall@{k}"] += len(hits) / count / 5
                values[f"ndcg@{k}"] += discounts[hits].sum() / ideal / 5
        fell |= values["ndcg@20"] < values["ndcg@10"]
        distribution = {int(count): 1 for count in counts}
        assert not find_impossible(values, distribution)
    assert fell


def test_the_papers_baby_row_is_impossible():
    # Table 2: 0.0416 more recall at ranks 11 to 20 need 0.0416 * 0.2277 =
    # 0.0095 of NDCG; printed are 0.0055.
    row = {
        "recall@10": 0.0640,
        "recall@20": 0.1056,
        "ndcg@10": 0.0382,
        "ndcg@20": 0.0437,
    }
    (found,) = find_impossible(row, decimals=4)
    assert found.quantity == "ndcg@20 - ndcg@10"
    assert str(found).startswith(
        "ndcg@20 - ndcg@10 = 0.0055, possible are 0.0093 to"
    )
    # So is it with the true numbers of test items of Baby, two users above 10.
    baby = {1: 18699, 2: 526, 3: 138, 4: 55, 5: 10, 6: 6, 7: 7, 8: 2, 11: 2}
    assert find_impossible(row, baby, decimals=4)


def test_rounding_is_allowed_for():
    # 0.04 / log2(21) = 0.009107: two values rounded to four decimals may
    # show a gain of 0.0090, never 0.0085.
    row = {"recall@10": 0.06, "recall@20": 0.1, "ndcg@10": 0.03}
    assert not find_impossible({**row, "ndcg@20": 0.0390}, decimals=4)
    assert find_impossible({**row, "ndcg@20": 0.0385}, decimals=4)


def test_recall_cannot_fall():
    row = {"recall@10": 0.2, "recall@20": 0.1, "ndcg@10": 0.1, "ndcg@20": 0.1}
    found = find_impossible(row, decimals=4)
    assert "recall@20 - recall@10 = -0.1000" in [str(f)[:31] for f in found]


def test_missing_metrics_are_not_checked():
    assert find_impossible({"recall@20": 0.1, "ndcg@10": 0.4}) == []
    # An NDCG above twice the recall needs more than 7 items a user.
    assert find_impossible({"recall@20": 0.1, "ndcg@20": 0.3})

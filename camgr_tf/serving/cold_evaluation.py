"""Recall of items that training saw and of items that it did not."""

import numpy as np
import pandas as pd

from camgr_tf.data.user_items import UserItems
from camgr_tf.metrics.ranking import METRICS


def evaluate_cold_items(recommender, cutoffs=(5, 10, 20, 50)):
    """Ranks warm and cold items, each among themselves and cold among all.

    Cold items are those without a user in training; their vectors are those
    of the model's `embed_items`. Each setting looks at the test rows of
    its items, for users with training items and at least one such row, and
    leaves the users' training items out.

    Args:
        recommender: `TrainedRecommender` of a run with `split="cold_items"`,
            or of any run whose test part has cold items.
        cutoffs: Tuple of integers. Defaults to `(5, 10, 20, 50)`.

    Returns:
        DataFrame with a row for each of `"warm"`, `"cold"` and `"cold among
        all"` in `setting`: `users`, `candidates`, `recall@K`, `ndcg@K` and
        `chance@K`, the recall of a ranking by chance.

    Raises:
        ValueError: If the test part has no cold items.
    """
    warm = recommender.popularity > 0
    test = recommender.run.dataset.interactions.test
    test = test[recommender.seen.counts[test[:, 0]] > 0]
    is_cold = ~warm[test[:, 1]]
    if not is_cold.any():
        raise ValueError(
            f"The test part of {recommender.run.folder} has no items without "
            "training rows. Train with split='cold_items'."
        )
    every = np.arange(len(warm))
    settings = {
        "warm": (test[~is_cold], np.flatnonzero(warm)),
        "cold": (test[is_cold], np.flatnonzero(~warm)),
        "cold among all": (test[is_cold], every),
    }
    return pd.DataFrame(
        [
            {
                "setting": name,
                **_evaluate(recommender, rows, candidates, cutoffs),
            }
            for name, (rows, candidates) in settings.items()
        ]
    )


def _evaluate(recommender, rows, candidates, cutoffs):
    users, counts = np.unique(rows[:, 0], return_counts=True)
    k = min(max(cutoffs), len(candidates))
    ranking, _ = recommender.rank(users, k, columns=candidates)
    relevant = UserItems(rows, recommender.num_users, recommender.num_items)
    hits = relevant.contains(users, ranking)
    allowed = np.zeros(recommender.num_items, bool)
    allowed[candidates] = True
    seen = [allowed[recommender.seen.of(user)].sum() for user in users]
    unseen = len(candidates) - np.array(seen)
    results = {"users": len(users), "candidates": len(candidates)}
    for cutoff in cutoffs:
        for name in ("recall", "ndcg"):
            values = METRICS[name](hits, counts, cutoff)
            results[f"{name}@{cutoff}"] = float(values.mean())
        results[f"chance@{cutoff}"] = float(
            np.minimum(cutoff / unseen, 1.0).mean()
        )
    return results

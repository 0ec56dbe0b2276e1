"""How long it takes to rank all items for all users."""

import time

import numpy as np
import tensorflow as tf

from camgr_tf.training.evaluate import CUTOFFS
from camgr_tf.training.evaluate import Evaluator


def measure_evaluation(dataset, embedding_dim=64, repeats=5, seed=0):
    """Times the ranking of all test users and all metrics at all cutoffs.

    Args:
        dataset: `camgr_tf.data.Dataset`.
        embedding_dim: Integer. Width of the random embeddings that are
            ranked. Defaults to `64`.
        repeats: Integer. Passes after one that does not count. Defaults to
            `5`.
        seed: Integer. Of the embeddings. Defaults to `0`.

    Returns:
        Dictionary of plain values, one row of the table.
    """
    interactions = dataset.interactions
    rng = np.random.default_rng(seed)
    users, items = (
        # Where a model's embeddings are: on a GPU if there is one.
        tf.constant(rng.standard_normal((size, embedding_dim), "float32"))
        for size in (interactions.num_users, interactions.num_items)
    )
    evaluator = Evaluator(interactions, "test")
    ranking, metrics = [], []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        ranked = evaluator.rank(users, items)
        ranking.append(time.perf_counter() - started)
        evaluator.summarize(ranked)
        metrics.append(time.perf_counter() - started - ranking[-1])
    rank, summarize = np.median(ranking[1:]), np.median(metrics[1:])
    return {
        "evaluated_users": len(evaluator.user_ids),
        "cutoffs": len(CUTOFFS),
        "evaluation_seconds": float(rank + summarize),
        "ranking_seconds": float(rank),
        "metrics_seconds": float(summarize),
        "users_per_second": float(len(evaluator.user_ids) / (rank + summarize)),
    }

"""How long a list takes."""

import importlib.util
import tempfile
import time

import numpy as np
import pandas as pd
import tensorflow as tf

from camgr_tf.serving.item_index import build_index
from camgr_tf.serving.item_index import index_recall
from camgr_tf.serving.lists import check_k
from camgr_tf.serving.saved_model import export_saved_model

BATCHES = (1, 1000)


def measure_latency(recommender, k=20, repeats=100, seed=0, use_index=None):
    """Times lists by the recommender, the SavedModel and the index.

    Every call asks for other users, drawn from those with training items.
    The first calls of each kind are not counted.

    Args:
        recommender: `TrainedRecommender`.
        k: Integer. Items a list. Defaults to `20`.
        repeats: Integer. Calls that are timed, of each kind; for 1,000 users
            a fifth of it. Defaults to `100`.
        seed: Integer. Of the users drawn. Defaults to `0`.
        use_index: Boolean. Whether the index is measured. Defaults to `None`:
            where faiss is installed.

    Returns:
        DataFrame with `path`, `users` (in a call), `p50_ms`, `p99_ms`,
        `users_per_second` (from the mean) and `recall`, the share of the
        exact list that is found.

    Raises:
        ValueError: If `k` or `repeats` is not possible.
    """
    check_k(k, recommender.num_items)
    if not isinstance(repeats, int) or repeats < 1:
        raise ValueError(
            "`repeats` must be a positive integer. "
            f"Received: repeats={repeats!r}"
        )
    if use_index is None:
        use_index = importlib.util.find_spec("faiss") is not None
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(recommender.seen.counts > 0)
    user_ids = recommender.catalog.user_ids
    item_ids = recommender.catalog.item_ids
    paths = {
        "recommend": lambda users: recommender.recommend(user_ids[users], k),
        "recommend_for_items": lambda users: recommender.recommend_for_items(
            item_ids[recommender.seen.of(users[0])], k
        ),
    }
    recalls = {}
    if use_index:
        index = build_index(recommender)
        recalls["index"] = index_recall(recommender, index, known[:2000], k)
        paths["index"] = lambda users: index.recommend(
            recommender, user_ids[users], k
        )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        export_saved_model(recommender, f"{folder}/1")
        served = tf.saved_model.load(f"{folder}/1")
        signature = served.signatures["serving_default"]
        paths["SavedModel"] = lambda users: signature(
            user_ids=tf.constant(user_ids[users].tolist()), k=tf.constant(k)
        )["item_ids"].numpy()
        for path, call in paths.items():
            batches = (1,) if path == "recommend_for_items" else BATCHES
            for size in batches:
                count = repeats if size == 1 else max(5, repeats // 5)
                seconds = _time(call, rng, known, size, count)
                rows.append(
                    {
                        "path": path,
                        "users": size,
                        "p50_ms": 1000 * np.percentile(seconds, 50),
                        "p99_ms": 1000 * np.percentile(seconds, 99),
                        "users_per_second": size / np.mean(seconds),
                        "recall": recalls.get(path, 1.0),
                    }
                )
    return pd.DataFrame(rows)


def _time(call, rng, known, size, count):
    seconds = []
    for turn in range(count + 3):
        users = rng.choice(known, size)
        started = time.perf_counter()
        call(users)
        if turn >= 3:
            seconds.append(time.perf_counter() - started)
    return seconds

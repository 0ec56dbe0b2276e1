"""A recommender as a TensorFlow SavedModel, for use without this package."""

import os
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf


class ServedRecommender(tf.Module):
    """The lists of a recommender as a TensorFlow graph.

    Users without training items get the most popular items, as by
    `TrainedRecommender.recommend`: their vector is one in an additional
    dimension in which items have their number of users. Products are summed
    in float64 and compared in float32, as there: of equal scores the smaller
    item comes first.

    Args:
        recommender: `TrainedRecommender`.
    """

    def __init__(self, recommender):
        super().__init__(name="served_recommender")
        users, items = recommender.user_vectors, recommender.item_vectors
        fallback = recommender.seen.counts == 0
        users = np.where(fallback[:, None], 0.0, users)
        users = np.concatenate([users, fallback[:, None]], axis=1)
        popularity = recommender.popularity[:, None]
        items = np.concatenate([items, popularity], axis=1)
        self.user_vectors = tf.Variable(
            users.astype("float32"), trainable=False
        )
        self.item_vectors = tf.Variable(
            items.astype("float64"), trainable=False
        )
        self.seen_items = tf.Variable(
            recommender.seen.items.astype("int32"), trainable=False
        )
        self.seen_starts = tf.Variable(
            recommender.seen.starts.astype("int64"), trainable=False
        )
        catalog = recommender.catalog
        self.item_ids = tf.Variable(
            tf.constant(catalog.item_ids.tolist()), trainable=False
        )
        self.user_index = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(catalog.user_ids.tolist()),
                tf.range(len(catalog.user_ids), dtype=tf.int64),
            ),
            default_value=-1,
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="user_ids"),
            tf.TensorSpec([], tf.int32, name="k"),
        ]
    )
    def recommend(self, user_ids, k):
        """The best unseen items of some users.

        Args:
            user_ids: String tensor of shape `(batch,)`, original ids.
            k: int32 scalar, `1` to the number of items.

        Returns:
            Dictionary: `item_ids`, a string tensor of shape `(batch, k)`, and
            `scores`, float32 of that shape, best first. Where a user has
            fewer unseen items the rest are empty strings with a score of
            minus infinity.
        """
        users = self.user_index.lookup(user_ids)
        unknown = tf.boolean_mask(user_ids, users < 0)
        num_items = tf.shape(self.item_vectors)[0]
        checks = [
            tf.debugging.Assert(
                tf.size(unknown) == 0, ["Unknown user ids:", unknown]
            ),
            tf.debugging.Assert(
                tf.logical_and(k >= 1, k <= num_items),
                ["`k` must be in 1 ..", num_items, "Received: k =", k],
            ),
        ]
        with tf.control_dependencies(checks):
            users = tf.identity(users)
        vectors = tf.cast(tf.gather(self.user_vectors, users), tf.float64)
        scores = tf.matmul(vectors, self.item_vectors, transpose_b=True)
        scores = tf.cast(scores, tf.float32)
        starts = tf.gather(self.seen_starts, users)
        counts = tf.gather(self.seen_starts, users + 1) - starts
        places = tf.ragged.range(starts, starts + counts)
        seen = tf.gather(self.seen_items, places.values)
        places = tf.stack(
            [places.value_rowids(), tf.cast(seen, tf.int64)], axis=1
        )
        masked = tf.fill([tf.shape(places)[0]], -np.inf)
        scores = tf.tensor_scatter_nd_update(scores, places, masked)
        best = tf.math.top_k(scores, k)
        item_ids = tf.gather(self.item_ids, best.indices)
        found = best.values > -np.inf
        return {
            "item_ids": tf.where(found, item_ids, ""),
            "scores": best.values,
        }


def export_saved_model(recommender, folder):
    """Writes a SavedModel whose default signature is `recommend`.

    Args:
        recommender: `TrainedRecommender`.
        folder: Path of the folder to make or replace.

    Returns:
        The path. TensorFlow Serving wants it named by a number.

    Raises:
        FileExistsError: If the folder is there and is no SavedModel.
    """
    folder = Path(folder)
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{os.getpid()}-{folder.name}")
    former = folder.with_name(f".{os.getpid()}-former-{folder.name}")
    module = ServedRecommender(recommender)
    try:
        tf.saved_model.save(
            module, staging, signatures={"serving_default": module.recommend}
        )
        # The former one is removed when the new one is in its place.
        if folder.exists():
            os.replace(folder, former)
        os.replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if former.is_symlink():
        former.unlink()
    shutil.rmtree(former, ignore_errors=True)
    return folder


def check_replaceable(folder):
    """Refuses a path at which something else than a SavedModel is.

    Args:
        folder: Path.

    Raises:
        FileExistsError: If it is there and is no SavedModel.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / "saved_model.pb").is_file():
        raise FileExistsError(
            f"{folder} exists and is no SavedModel, so it is not replaced."
        )

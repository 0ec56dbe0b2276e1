import copy

import numpy as np

from camgr_tf.ops.embedding_rows import joined


def add_items(recommender, features, item_ids, titles=None, images=None):
    """A recommender with more items, without training.

    Args:
        recommender: `TrainedRecommender`. Stays as it is.
        features: Dictionary from each modality to a float array of shape
            `(num_new, width)`, made as the features of training were.
        item_ids: List of new original ids.
        titles: List of strings. Defaults to `None`.
        images: List of paths. Defaults to `None`.

    Returns:
        A new `TrainedRecommender`. Known users and items keep their vectors;
        new items get those of the model's `embed_items`, whatever other items
        are added with them.

    Raises:
        ValueError: If a modality is missing or unknown, a shape does not
            fit, a value is not finite, or an id is there already.
    """
    item_ids = list(item_ids)
    features = _checked(recommender, features, len(item_ids))
    result = copy.copy(recommender)
    result.catalog = recommender.catalog.with_items(item_ids, titles, images)
    new = recommender.vectors_of_features(features, len(item_ids))
    plain = recommender.plain_item_vectors
    result.plain_item_vectors = joined(plain, new)
    result.item_vectors = result.plain_item_vectors
    if recommender.item_vectors is not plain:
        result.item_vectors = joined(recommender.item_vectors, new)
    result._explainer = None
    zeros = np.zeros(len(item_ids), recommender.popularity.dtype)
    result.popularity = np.concatenate([recommender.popularity, zeros])
    result.features, result.has_modality = {}, {}
    for m, values in features.items():
        result.features[m] = np.concatenate([recommender.features[m], values])
        result.has_modality[m] = np.concatenate(
            [recommender.has_modality[m], np.ones(len(item_ids), bool)]
        )
    return result


def _checked(recommender, features, num_new):
    if set(features) != set(recommender.features):
        raise ValueError(
            "`features` must have the modalities "
            f"{sorted(recommender.features)}. Received: {sorted(features)}"
        )
    checked = {}
    for m, known in recommender.features.items():
        values = np.asarray(features[m], "float32")
        expected = (num_new, known.shape[1])
        if values.shape != expected or not np.isfinite(values).all():
            raise ValueError(
                f"`features[{m!r}]` must be finite and of shape {expected}, "
                "one row for each of `item_ids`. Received: shape "
                f"{values.shape}"
            )
        checked[m] = values
    return checked

"""Chooses an encoder by name, and says for the record what it was."""

import collections
import os

from camgr_tf.ingest.image_features import color_shape_features
from camgr_tf.ingest.keras_image_features import keras_image_features
from camgr_tf.ingest.provenance import describe_sources
from camgr_tf.ingest.sentence_transformer_features import DEFAULT_MODEL
from camgr_tf.ingest.sentence_transformer_features import (
    sentence_transformer_features,
)
from camgr_tf.ingest.text_features import sentence2vec_features

TEXT_ENCODERS = ("sentence2vec", "sentence_transformer")


def encode_pictures(image_paths, encoder="VGG16", weights="imagenet"):
    """Makes picture features by the encoder of that name.

    Args:
        image_paths: Sequence of paths; `None` or `""` where there is none.
        encoder: String, `"color_shape"` (no weights needed) or the name of a
            model in `keras.applications`. Defaults to `"VGG16"`.
        weights: As in `keras_image_features`; not used by `"color_shape"`.
            Defaults to `"imagenet"`.

    Returns:
        Tuple `(features, present, record)`; `record` is a dictionary for the
        provenance: encoder, width, weights, and counts of what happened to
        the pictures.
    """
    counts = collections.Counter()
    record = {"encoder": encoder}
    if encoder == "color_shape":
        features, present = color_shape_features(image_paths, counts)
    else:
        features, present = keras_image_features(
            image_paths, encoder, weights, counts=counts
        )
        record["weights"] = weights
        if weights not in ("imagenet", None):
            record["weights"] = describe_sources([weights])[0]
    record["width"] = features.shape[1]
    record["pictures"] = dict(counts)
    return features, present, record


def encode_texts(
    texts,
    encoder="sentence2vec",
    dimension=300,
    seed=0,
    word_vectors=None,
    model=DEFAULT_MODEL,
):
    """Makes text features by the encoder of that name.

    Args:
        texts: Sequence of strings; empty where there is none.
        encoder: String, `"sentence2vec"` or `"sentence_transformer"`.
            Defaults to `"sentence2vec"`.
        dimension: As in `sentence2vec_features`. Defaults to `300`.
        seed: As in `sentence2vec_features`. Defaults to `0`.
        word_vectors: As in `sentence2vec_features`. Defaults to `None`.
        model: As in `sentence_transformer_features`. Defaults to
            `"sentence-transformers/all-MiniLM-L6-v2"`.

    Returns:
        Tuple `(features, present, record)`; `record` is a dictionary for the
        provenance: encoder, width and parameters.

    Raises:
        ValueError: If the encoder is unknown.
    """
    if encoder not in TEXT_ENCODERS:
        raise ValueError(
            f"`encoder` must be one of {', '.join(TEXT_ENCODERS)}. "
            f"Received: encoder={encoder!r}"
        )
    record = {"encoder": encoder}
    if encoder == "sentence_transformer":
        features, present = sentence_transformer_features(texts, model)
        record["model"] = os.fspath(model)
    else:
        features, present = sentence2vec_features(
            texts, dimension, seed, word_vectors
        )
        if word_vectors is None:
            record["word_vectors"] = "trained on these texts"
            record["seed"] = seed
        else:
            record["word_vectors"] = describe_sources([word_vectors])[0]
    record["width"] = features.shape[1]
    return features, present, record

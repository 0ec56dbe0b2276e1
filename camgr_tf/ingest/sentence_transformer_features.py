"""Text features by a sentence-transformer, an optional extra."""

import os
import unicodedata

import numpy as np

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def sentence_transformer_features(
    texts, model=DEFAULT_MODEL, batch_size=64, progress=True
):
    """Embeds texts by a model of the package `sentence-transformers`.

    The default model is 384 wide, the one behind MMRec's text features.

    Args:
        texts: Sequence of `n` strings; `None` counts as empty. A letter and
            its accent are one code point to the model, whichever they are.
        model: String, the name of a model on the Hugging Face hub, or the
            path of a folder that holds one. Defaults to
            `"sentence-transformers/all-MiniLM-L6-v2"`.
        batch_size: Positive integer. Defaults to `64`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        Tuple `(features, present)`: `float32` of shape `(n, width)`, and
        `bool` of shape `(n,)`, `False` and a zero row for empty texts.

    Raises:
        ImportError: If the package is not installed.
        FileNotFoundError: If the model can neither be found nor fetched.
        ValueError: If no text has any character.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ImportError(
            "The text encoder `sentence_transformer` needs an optional "
            "package: pip install sentence-transformers. The encoder "
            "`sentence2vec` needs none"
        ) from error
    texts = ["" if text is None else str(text).strip() for text in texts]
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    present = np.array([text != "" for text in texts], bool)
    if not present.any():
        raise ValueError(f"All {len(texts)} texts are empty.")
    try:
        encoder = SentenceTransformer(os.fspath(model))
    except (OSError, ValueError) as error:
        raise FileNotFoundError(
            f"The model {model!r} is not here and could not be fetched "
            f"({error}). Fetch its folder from huggingface.co on a machine "
            "that is online, copy it, and pass the folder's path as `model`"
        ) from error
    rows = encoder.encode(
        [text for text in texts if text],
        batch_size=batch_size,
        show_progress_bar=progress,
        convert_to_numpy=True,
    )
    features = np.zeros((len(texts), rows.shape[1]), np.float32)
    features[present] = rows
    return features, present

"""Sentence2Vec: texts as weighted averages of word vectors."""

import collections
import os
import warnings
import zlib

import numpy as np

from camgr_tf.ingest.words import split_words

# Longer ones are more often a text without spaces than a word.
_LONGEST_WORD = 30
# Training visits every word occurrence about this often in total, so that a
# few hundred short titles get 200 epochs (the most) and a large catalog five.
_TRAINING_WORDS = 1_500_000


def sentence2vec_features(
    texts, dimension=300, seed=0, word_vectors=None, smoothing=0.001
):
    """Embeds texts by smooth inverse frequency (SIF).

    Each text `s` is the weighted mean of the vectors of its words, minus its
    projection on the first principal component `u` of all texts (the first
    right singular vector of the uncentered matrix):

    ```
    v_s = 1 / |s| * sum_{w in s} smoothing / (smoothing + p(w)) * v_w
    v_s = v_s - u u^T v_s
    ```

    `p(w)` is the word's share of all word occurrences in `texts`. Words are
    what `split_words` finds. `|s|` counts the words that have a vector.

    The word vectors are trained on the texts themselves (skip-gram with
    negative sampling, one thread, fixed seed and hash: the same texts and
    seed give the same vectors), or read from a file. A few hundred short
    titles are enough for titles that share words or contexts to be near each
    other; they are not enough for synonyms that never share a context.

    Args:
        texts: Sequence of `n` strings; `None` counts as empty.
        dimension: Positive integer. Width of trained word vectors; ignored
            for vectors from a file, which have their own. Defaults to `300`.
        seed: Integer. Seed of the training. Defaults to `0`.
        word_vectors: Optional path of a file in word2vec's text or binary
            (`.bin`) format, also gzipped, read by gensim. Defaults to `None`.
        smoothing: Positive float, the constant `a` of the paper. Defaults to
            `0.001`.

    Returns:
        Tuple `(features, present)`: `float32` of shape `(n, dimension)`, and
        `bool` of shape `(n,)`. `present` is `False`, and the row zero, for a
        text without any known word, and for one of which the removal leaves
        nothing (all texts equal). These are counted in one warning, and in
        another the texts with a word of more than 30 letters, which hold what
        could not be split. With fewer than two texts nothing is removed.

    Raises:
        ValueError: If an argument is out of range, no text has a word, or
            the file does not hold word vectors.

    Reference:
        Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence
        embeddings", ICLR 2017.
    """
    if not isinstance(dimension, int) or dimension < 1:
        raise ValueError(
            f"`dimension` must be a positive integer. Received: {dimension!r}"
        )
    if not smoothing > 0.0:
        raise ValueError(
            f"`smoothing` must be positive. Received: {smoothing!r}"
        )
    sentences = [split_words(text) for text in texts]
    if not any(sentences):
        raise ValueError(
            f"None of the {len(sentences)} texts has a word to embed."
        )
    _warn_of_long_words(sentences)
    if word_vectors is None:
        vectors = train_word_vectors(sentences, dimension, seed)
    else:
        vectors = load_word_vectors(word_vectors)
    features, present = _smooth_inverse_frequency(sentences, vectors, smoothing)
    absent = np.flatnonzero(~present)
    if absent.size:
        warnings.warn(
            f"{absent.size} of {len(sentences)} texts have no embedding (empty"
            f", or no known word); the first is row {absent[0]}. They are "
            "marked as absent.",
            stacklevel=2,
        )
    return features, present


def _warn_of_long_words(sentences):
    found = [
        (row, word)
        for row, sentence in enumerate(sentences)
        for word in sentence
        if len(word) > _LONGEST_WORD
    ]
    if found:
        row, word = found[0]
        warnings.warn(
            f"{len({row for row, _ in found})} of {len(sentences)} texts hold "
            f"a word of more than {_LONGEST_WORD} letters, which could not be "
            f"split; the first is row {row}: {word[:_LONGEST_WORD]!r}... It "
            "counts as one word, unlike all others. Put spaces between its "
            "parts.",
            stacklevel=3,
        )


def train_word_vectors(sentences, dimension, seed):
    """Trains word vectors on the sentences themselves, reproducibly.

    Args:
        sentences: List of lists of words.
        dimension: Integer. Width of the vectors.
        seed: Integer. Seed of the initial vectors and of the sampling.

    Returns:
        A gensim `KeyedVectors` that holds every word of the sentences.
    """
    from gensim.models import Word2Vec

    num_words = sum(map(len, sentences))
    epochs = int(np.clip(_TRAINING_WORDS // num_words, 5, 200))
    model = Word2Vec(
        sentences=sentences,
        vector_size=dimension,
        seed=seed,
        epochs=epochs,
        window=10,
        min_count=1,
        sg=1,
        negative=10,
        sample=0,
        workers=1,
        hashfxn=_stable_hash,
    )
    return model.wv


def load_word_vectors(path):
    """Reads word vectors in word2vec's text or binary format.

    Args:
        path: Path. `.bin` and `.bin.gz` are read as binary, any other name as
            text.

    Returns:
        A gensim `KeyedVectors`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not in that format.
    """
    from gensim.models import KeyedVectors

    name = os.fspath(path)
    if not os.path.isfile(name):
        raise FileNotFoundError(f"Word vectors: there is no file {name}.")
    binary = name.endswith((".bin", ".bin.gz"))
    try:
        vectors = KeyedVectors.load_word2vec_format(name, binary=binary)
    except (ValueError, EOFError, OSError, IndexError) as error:
        raise ValueError(
            f"{name} does not hold word vectors in word2vec's "
            f"{'binary' if binary else 'text'} format ({error}). Expected a "
            "first line `<number of words> <width>`; binary files must be "
            "named .bin or .bin.gz."
        ) from error
    if not np.isfinite(vectors.vectors).all():
        raise ValueError(f"{name} holds word vectors that are not finite.")
    return vectors


def _stable_hash(text):
    return zlib.crc32(text.encode("utf-8"))


def _smooth_inverse_frequency(sentences, vectors, smoothing):
    """The SIF embedding of lists of words, and whether each has one."""
    frequency = collections.Counter(word for s in sentences for word in s)
    total = sum(frequency.values())
    features = np.zeros((len(sentences), vectors.vector_size), np.float64)
    present = np.zeros(len(sentences), dtype=bool)
    for row, sentence in enumerate(sentences):
        known = [word for word in sentence if word in vectors]
        if known:
            share = np.array([frequency[word] for word in known]) / total
            weights = smoothing / (smoothing + share)
            features[row] = weights @ vectors[known] / len(known)
            present[row] = True
    if present.sum() > 1:
        norms = np.linalg.norm(features, axis=1)
        # The eigenvector of the small Gram matrix is the singular vector.
        component = np.linalg.eigh(features.T @ features)[1][:, -1]
        features -= np.outer(features @ component, component)
        # What is left of a text that lies on the component is rounding.
        present &= np.linalg.norm(features, axis=1) > 1e-6 * norms
        features[~present] = 0.0
    return features.astype(np.float32), present

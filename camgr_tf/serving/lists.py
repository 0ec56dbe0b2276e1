"""What all lists of items share: their table, their limits, the cosine."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse
import scipy.sparse.linalg

from camgr_tf.ops.embedding_rows import dense_product

# Numbers that exist in float64 at one time: 8 million are 64 MB.
BLOCK_NUMBERS = 8_000_000


def result_table(catalog, items, scores, users=None):
    """Ranked items as a table of original ids.

    Args:
        catalog: `Catalog`.
        items: Integer array of shape `(num_rows, k)`, best first. Places
            with -1 are left out.
        scores: Float array of that shape.
        users: Array of `num_rows` original ids. Defaults to `None`: no
            column `user`.

    Returns:
        DataFrame with `user` (if given), `item`, `score`, `rank` and, where
        the data have them, `title`.
    """
    num_rows, k = items.shape
    data = {}
    if users is not None:
        data["user"] = np.repeat(users, k)
    data["item"] = catalog.item_ids[items.ravel()]
    data["score"] = scores.ravel()
    data["rank"] = np.tile(np.arange(1, k + 1), num_rows)
    if catalog.titles is not None:
        data["title"] = catalog.titles[items.ravel()]
    table = pd.DataFrame(data)
    return table[items.ravel() >= 0].reset_index(drop=True)


def check_k(k, num_candidates):
    """Refuses a length that no list of the candidates can have.

    Args:
        k: Integer.
        num_candidates: Integer.

    Raises:
        ValueError: If `k` is no integer in `1..num_candidates`.
    """
    whole = isinstance(k, int | np.integer) and not isinstance(k, bool)
    if not whole or not 1 <= k <= num_candidates:
        raise ValueError(
            f"`k` must be an integer in 1..{num_candidates}, the number of "
            f"candidate items. Received: k={k!r}"
        )


def check_file(path):
    """Refuses a path that no file can be written to.

    Args:
        path: Path.

    Raises:
        IsADirectoryError: If it is a folder.
        NotADirectoryError: If what it lies in is none.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, and no file.")
    for parent in path.parents:
        if parent.exists() and not parent.is_dir():
            raise NotADirectoryError(f"{parent} is a file, and no folder.")


def cosines(vector, vectors):
    """Cosine of one vector with each row of others.

    Args:
        vector: Float array of shape `(dim,)`, or a SciPy CSR matrix of one
            row.
        vectors: Float array of shape `(num_rows, dim)`, or likewise.

    Returns:
        float32 array of shape `(num_rows,)`. A vector of zeros has the
        cosine 0 with all, and equal rows have equal cosines.
    """
    vector = vector.astype("float64")
    result = np.empty(vectors.shape[0], "float32")
    size = max(1, BLOCK_NUMBERS // vectors.shape[1])
    for start in range(0, len(result), size):
        rows = vectors[start : start + size].astype("float64")
        if scipy.sparse.issparse(rows):
            norm = scipy.sparse.linalg.norm
            products = dense_product(rows, vector.T)[:, 0]
        else:
            norm = np.linalg.norm
            products = rows @ vector
        lengths = norm(rows, axis=1) * norm(vector)
        values = np.zeros_like(products)
        np.divide(products, lengths, where=lengths > 0, out=values)
        result[start : start + size] = values
    return result


def warn_of_popularity(reason):
    """Says that popular items stand in for recommended ones."""
    warnings.warn(
        f"{reason}: the most popular items are recommended.", stacklevel=4
    )

import numpy as np
import scipy.sparse

from camgr_tf.graphs.semantic import cached_neighbors


def blended_matrix(
    features, num_neighbors=10, first_weight=0.1, cache_dir=None
):
    """The item graphs of all modalities as one, every neighbor alike.

    ```
    K = sum_m a_m K_m,   K_m[i, j] = 1 / k for the k nearest j of i
    ```

    Neighbors are chosen by the cosine of the raw features, the item itself
    among them; the cosine is then dropped, so that one below zero counts
    too. Rows sum to one, columns do not: the graph is directed.

    Args:
        features: Dictionary from a modality to a float array of shape
            `(num_items, width)`.
        num_neighbors: Integer. The `k`. Defaults to `10`.
        first_weight: Float in `[0, 1]`. `a` of the first modality; the
            others share the rest equally. A single modality has the weight
            1. Defaults to `0.1`.
        cache_dir: Path of a folder for computed neighbors. Defaults to
            `None`: nothing is cached.

    Returns:
        SciPy CSR matrix of shape `(num_items, num_items)`; row = target.

    Raises:
        ValueError: If there is no modality, or `first_weight` is not in `[0,
            1]`.

    Reference:
        Zhou and Shen, "A Tale of Two Graphs", MM 2023.
    """
    return blend(
        weighted_matrices(features, num_neighbors, first_weight, cache_dir)
    )


def blend(matrices):
    """The sum of what `weighted_matrices` returns."""
    first, *others = matrices.values()
    blended = sum(others, first).tocsr()
    blended.eliminate_zeros()
    return blended


def weighted_matrices(
    features, num_neighbors=10, first_weight=0.1, cache_dir=None
):
    """The summands `a_m K_m` of `blended_matrix`, whose arguments it takes.

    Returns:
        Dictionary from a modality to a SciPy CSR matrix.

    Raises:
        ValueError: If there is no modality, or `first_weight` is not in `[0,
            1]`.
    """
    if not features:
        raise ValueError(
            "`features` must have at least one modality. Received: none"
        )
    weights = modality_weights(features, first_weight)
    return {
        m: weights[m] * _mean_of_neighbors(values, num_neighbors, cache_dir)
        for m, values in features.items()
    }


def modality_weights(modalities, first_weight):
    """The `a_m` of `blended_matrix`.

    Args:
        modalities: Names in the order of the data.
        first_weight: Float in `[0, 1]`.

    Returns:
        Dictionary from a modality to a float; they add up to one.

    Raises:
        ValueError: If `first_weight` is not in `[0, 1]`.
    """
    if not 0.0 <= first_weight <= 1.0:
        raise ValueError(
            "`first_weight` must be in [0, 1]. "
            f"Received: first_weight={first_weight}"
        )
    first, *others = modalities
    if not others:
        return {first: 1.0}
    rest = (1.0 - first_weight) / len(others)
    return {first: first_weight, **dict.fromkeys(others, rest)}


def _mean_of_neighbors(features, num_neighbors, cache_dir):
    neighbors, _ = cached_neighbors(
        features, num_neighbors, cache_dir=cache_dir
    )
    num_items = len(features)
    return scipy.sparse.csr_matrix(
        (
            np.full(neighbors.size, 1.0 / num_neighbors),
            neighbors.ravel(),
            np.arange(num_items + 1) * num_neighbors,
        ),
        shape=(num_items, num_items),
    )

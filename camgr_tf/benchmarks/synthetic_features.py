import numpy as np

# Rows drawn at one time, so that only float32 exists for all of them.
BLOCK_ROWS = 65_536


def clustered_features(
    num_items, width, seed=0, num_clusters=None, rank=8, out=None
):
    """Rows in clusters, each a small flat piece of a `rank`-dimensional space.

    ```
    h_i = c_z + B_z u_i / 4 + e_i / 100,   z uniform,  u_i and e_i normal
    ```

    with a basis `B_z` for each cluster. Uniform random rows would have no
    neighbors worth finding: in 128 dimensions all are about equally far from
    each other, which no encoder's output is.

    Args:
        num_items: Integer.
        width: Integer.
        seed: Integer. Defaults to `0`.
        num_clusters: Integer. Defaults to `None`: one for 200 items.
        rank: Integer. Dimensions inside a cluster. Defaults to `8`.
        out: float32 array of the result's shape, such as a mapped file, that
            is filled and returned. Defaults to `None`: a new one.

    Returns:
        float32 array of shape `(num_items, width)`.
    """
    rng = np.random.default_rng([seed, width])
    if num_clusters is None:
        num_clusters = max(1, num_items // 200)
    rank = min(rank, width)
    # A limited number of bases: a basis a cluster would outgrow the rows.
    num_bases = min(num_clusters, 64)
    scale = 1 / np.sqrt(width)
    centers = scale * rng.standard_normal((num_clusters, width), "float32")
    bases = scale * rng.standard_normal((num_bases, rank, width), "float32")
    clusters = rng.integers(num_clusters, size=num_items)
    features = out
    if out is None:
        features = np.empty((num_items, width), "float32")
    for start in range(0, num_items, BLOCK_ROWS):
        own = clusters[start : start + BLOCK_ROWS]
        block = centers[own]
        block += 0.01 * rng.standard_normal(block.shape, "float32")
        places = 0.25 * rng.standard_normal((len(own), rank), "float32")
        for basis in range(num_bases):
            rows = np.flatnonzero(own % num_bases == basis)
            block[rows] += places[rows] @ bases[basis]
        features[start : start + len(own)] = block
    return features

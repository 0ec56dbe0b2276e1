"""High-dimensional states on a plane, as in Figures 4 and 5 of the paper."""

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits


def project_to_plane(states, seed=0):
    """t-SNE of rows to two dimensions, scaled to the unit square.

    Args:
        states: Float array of shape `(num_rows, dim)`.
        seed: Integer. Defaults to `0`.

    Returns:
        Array of shape `(num_rows, 2)` with entries in `[0, 1]`.

    Reference:
        Section 5.4; van der Maaten and Hinton, JMLR 2008.
    """
    states = np.asarray(states, "float64")
    if not np.ptp(states, axis=0).any():
        return np.full((len(states), 2), 0.5)  # one point, or all the same
    perplexity = min(30.0, (len(states) - 1) / 3)
    # A plane of principal components needs two of them.
    init = "pca" if min(states.shape) > 1 else "random"
    plane = TSNE(init=init, perplexity=perplexity, random_state=seed)
    # Some hundred points are too few for more threads: each step waits for
    # all of them, which takes ten times as long on a busy machine.
    with threadpool_limits(1):
        points = plane.fit_transform(states)
    lowest, highest = points.min(axis=0), points.max(axis=0)
    return (points - lowest) / np.maximum(highest - lowest, 1e-12)


def plot_plane(points, axes, title, num_bins=20):
    """Draws points on the unit square as a two-dimensional histogram.

    Args:
        points: Array of shape `(num_rows, 2)` with entries in `[0, 1]`.
        axes: `matplotlib.axes.Axes`.
        title: String.
        num_bins: Integer. Bins along each side. Defaults to `20`.

    Returns:
        The drawn image, for a color bar.
    """
    square = [[0, 1], [0, 1]]
    *_, image = axes.hist2d(
        points[:, 0], points[:, 1], bins=num_bins, range=square, cmap="Blues"
    )
    axes.scatter(points[:, 0], points[:, 1], s=2, color="black", alpha=0.5)
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    return image


def unevenness(points, num_bins=20):
    """How unevenly points fill the unit square.

    ```
    variance of the bins' counts / mean of the bins' counts
    ```

    Points thrown at random give about 1; clumps give more.

    Args:
        points: Array of shape `(num_rows, 2)` with entries in `[0, 1]`.
        num_bins: Integer. Bins along each side. Defaults to `20`.

    Returns:
        Float.
    """
    counts, *_ = np.histogram2d(
        points[:, 0], points[:, 1], bins=num_bins, range=[[0, 1], [0, 1]]
    )
    return float(counts.var() / counts.mean())

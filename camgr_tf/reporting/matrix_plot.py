import numpy as np


def plot_matrix(axes, matrix, rows, columns, title=None, limits=(0.0, 1.0)):
    """Draws a small matrix as colored cells with their values.

    Args:
        axes: Matplotlib `Axes`.
        matrix: Float array of shape `(num_rows, num_columns)`.
        rows: List of strings, a name for each row.
        columns: List of strings, a name for each column.
        title: String. Defaults to `None`.
        limits: Tuple of the values at the two ends of the color scale.
            Defaults to `(0.0, 1.0)`.

    Returns:
        The Matplotlib `AxesImage`.
    """
    matrix = np.asarray(matrix)
    low, high = limits
    image = axes.imshow(matrix, cmap="Blues", vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(matrix):
        dark = value > (low + high) / 2
        axes.text(
            column,
            row,
            f"{value:.3g}",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0, labelsize=9)
    axes.set_title(title, fontsize=10)
    return image

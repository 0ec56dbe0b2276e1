"""Spectra of the rows of a matrix, as pairs of real matrices.

Products with two constant matrices: no complex numbers, which not every
device and optimizer takes.
"""

import numpy as np
from keras import ops


def spectrum(rows):
    """The discrete Fourier transform of each row.

    ```
    s_k = sum_n x_n exp(-2 pi i n k / dim) / sqrt(dim)     k = 0 .. dim // 2
    ```

    Args:
        rows: Float tensor of shape `(num_rows, dim)`.

    Returns:
        Tuple of the real and the imaginary parts, float tensors of shape
        `(num_rows, dim // 2 + 1)`; the other half is their mirror image.
    """
    cosines, sines = _waves(rows.shape[1])
    return rows @ cosines, -(rows @ sines)


def from_spectrum(real, imaginary, dim):
    """The rows that have these spectra.

    Args:
        real: Float tensor of shape `(num_rows, dim // 2 + 1)`.
        imaginary: Float tensor of that shape. Of the first column, and for
            an even `dim` of the last, nothing is read: real rows have zeros
            there.
        dim: Integer.

    Returns:
        Float tensor of shape `(num_rows, dim)`.
    """
    cosines, sines = _waves(dim)
    # All frequencies but these stand for their mirror image too.
    counts = np.full(dim // 2 + 1, 2.0, "float32")
    counts[0] = 1.0
    if dim % 2 == 0:
        counts[-1] = 1.0
    return (real * counts) @ ops.transpose(cosines) - (
        imaginary * counts
    ) @ ops.transpose(sines)


def complex_product(left, right):
    """Product of two pairs of a real and an imaginary part."""
    real = left[0] * right[0] - left[1] * right[1]
    return real, left[0] * right[1] + left[1] * right[0]


def _waves(dim):
    places = np.arange(dim)[:, None] * np.arange(dim // 2 + 1)
    angles = 2.0 * np.pi * places / dim
    scale = 1.0 / np.sqrt(dim)
    return (
        ops.convert_to_tensor((np.cos(angles) * scale).astype("float32")),
        ops.convert_to_tensor((np.sin(angles) * scale).astype("float32")),
    )

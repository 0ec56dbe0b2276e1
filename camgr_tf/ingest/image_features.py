"""A picture descriptor that needs no trained weights."""

import numpy as np

from camgr_tf.ingest import pictures

_SIDE = 64
_HUES, _SATURATIONS, _VALUES = 8, 3, 3
_CELLS, _ORIENTATIONS = 4, 8
_THUMBNAIL = 8


def color_shape_features(image_paths, counts=None):
    """Describes pictures by color, edges and layout, without any weights.

    The fallback for machines without VGG-16 weights, and the encoder of the
    demo data. Each picture is read as 64 x 64 RGB and becomes 392 numbers,
    three blocks that each have unit L2 norm:

    1. color, 72: the joint histogram of 8 hues, 3 saturations and 3 values,
       each pixel weighted by 0.1 + saturation * value, square-rooted (so that
       the dot product of two pictures is the Bhattacharyya coefficient of
       their histograms);
    2. shape, 128: in each of 4 x 4 cells, the histogram of 8 unsigned
       gradient orientations weighted by gradient magnitude;
    3. layout, 192: an 8 x 8 RGB thumbnail minus the middle gray.

    A block that is zero everywhere (a uniform picture has no edges) stays
    zero.

    Args:
        image_paths: Sequence of paths of length `n`; `None` or `""` for an
            item without a picture.
        counts: Optional `collections.Counter` that receives the outcomes
            (`"read"`, `"unreadable"`, ... of `pictures.read_picture`).
            Defaults to `None`.

    Returns:
        Tuple `(features, present)`: `float32` of shape `(n, 392)`, and `bool`
        of shape `(n,)`, `False` (and a zero row) where there is no usable
        picture. These are counted in one warning.
    """
    paths = list(image_paths)
    features = np.zeros((len(paths), feature_width()), dtype=np.float32)
    present = np.zeros(len(paths), dtype=bool)
    outcomes = []
    with pictures.quiet_decoders():
        for row, path in enumerate(paths):
            pixels, happened = pictures.read_picture(path, (_SIDE, _SIDE))
            outcomes.append(happened)
            if pixels is not None:
                features[row] = _describe(pixels / 255.0)
                present[row] = True
    pictures.count_outcomes(paths, outcomes, counts)
    return features, present


def feature_width() -> int:
    """The number of features of `color_shape_features`, 392."""
    color = _HUES * _SATURATIONS * _VALUES
    shape = _CELLS * _CELLS * _ORIENTATIONS
    return color + shape + _THUMBNAIL * _THUMBNAIL * 3


def _describe(pixels):
    """The descriptor of RGB pixels in 0..1 of shape `(64, 64, 3)`."""
    blocks = (_color(pixels), _shape(pixels), _layout(pixels))
    return np.concatenate([_unit(block.ravel()) for block in blocks])


def _unit(block):
    norm = np.linalg.norm(block)
    return block / norm if norm > 0.0 else block


def _color(pixels):
    """Square root of the joint hue, saturation and value histogram."""
    hue, saturation, value = _hue_saturation_value(pixels)
    # Hue bins are centered on red, yellow-orange, ...: pure red is no border.
    hue_bins = np.floor(hue * _HUES + 0.5).astype(int) % _HUES
    saturation_bins = _bins(saturation, _SATURATIONS)
    value_bins = _bins(value, _VALUES)
    # A gray pixel has no hue.
    hue_bins[saturation_bins == 0] = 0
    codes = (hue_bins * _SATURATIONS + saturation_bins) * _VALUES + value_bins
    # A plain white or gray background must not outweigh a colored object.
    weights = 0.1 + saturation * value
    return np.sqrt(
        np.bincount(
            codes.ravel(),
            weights=weights.ravel(),
            minlength=_HUES * _SATURATIONS * _VALUES,
        )
    )


def _bins(values, num_bins):
    return np.minimum((values * num_bins).astype(int), num_bins - 1)


def _hue_saturation_value(pixels):
    """HSV in 0..1 of RGB in 0..1."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    value = pixels.max(axis=-1)
    chroma = value - pixels.min(axis=-1)
    safe = np.where(chroma > 0.0, chroma, 1.0)
    sextant = np.select(
        [value == red, value == green],
        [(green - blue) / safe, (blue - red) / safe + 2.0],
        (red - green) / safe + 4.0,
    )
    hue = np.where(chroma > 0.0, sextant / 6.0 % 1.0, 0.0)
    saturation = chroma / np.where(value > 0.0, value, 1.0)
    return hue, saturation, value


def _shape(pixels):
    """Magnitude-weighted orientation histograms, `(cells, orientations)`."""
    gray = pixels @ np.array([0.299, 0.587, 0.114])
    down, right = np.gradient(gray)
    magnitude = np.hypot(down, right)
    # Rounding makes noise gradients in uniform areas; one gray level is 1/255.
    magnitude[magnitude < 0.25 / 255.0] = 0.0
    orientation = np.arctan2(down, right) / np.pi % 1.0
    orientation_bins = np.floor(orientation * _ORIENTATIONS + 0.5).astype(int)
    cell = np.arange(_SIDE) * _CELLS // _SIDE
    cells = cell[:, None] * _CELLS + cell[None, :]
    codes = cells * _ORIENTATIONS + orientation_bins % _ORIENTATIONS
    return np.bincount(
        codes.ravel(),
        weights=magnitude.ravel(),
        minlength=_CELLS * _CELLS * _ORIENTATIONS,
    )


def _layout(pixels):
    """A centered thumbnail of shape `(8, 8, 3)`."""
    step = _SIDE // _THUMBNAIL
    blocks = pixels.reshape(_THUMBNAIL, step, _THUMBNAIL, step, 3)
    return blocks.mean(axis=(1, 3)) - 0.5

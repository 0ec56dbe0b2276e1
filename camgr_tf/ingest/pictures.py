"""Read an item's picture whatever its mode, and count what was done."""

import collections
import contextlib
import os
import warnings
from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np
from PIL import Image
from PIL import ImageOps

MINIMUM_SIDE = 8


def read_picture(path, size: tuple[int, int]):
    """Reads one picture as RGB of the given size.

    The first frame of an animation is used, the orientation tag is obeyed,
    transparent pixels become white, 16-bit and float gray values are scaled to
    0..255, and CMYK and every other mode is converted to RGB. The picture is
    stretched to `size`, its aspect ratio is not kept.

    Args:
        path: Path of the file, or `None` for an item without a picture.
        size: Pair of integers, `(height, width)` of the result.

    Returns:
        Tuple `(pixels, outcomes)`. `pixels` is a `uint8` array of shape
        `(height, width, 3)`, or `None` if there is no usable picture.
        `outcomes` is a list of what happened: exactly one of `"read"`,
        `"no path"`, `"missing file"`, `"unreadable"`, `"too small"` (a side
        under 8 pixels: a placeholder), then `"animated, first frame used"`
        and `"converted from <mode>"` where they apply.
    """
    if path is None or not os.fspath(path):
        return None, ["no path"]
    if not os.path.isfile(path):
        return None, ["missing file"]
    try:
        with Image.open(path) as picture:
            return _convert(picture, size)
    except Exception:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error, ...
        # for damaged files, and DecompressionBombError for absurd sizes.
        return None, ["unreadable"]


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Silences Pillow's own warnings; what matters is counted.

    Not inside `read_picture`, since Python's warning filters belong to the
    process and not to the reading thread.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def count_outcomes(
    paths: Sequence,
    outcomes: Sequence[Sequence[str]],
    counts: collections.Counter | None = None,
) -> None:
    """Counts what `read_picture` did with many pictures, and says it once.

    One warning names how many pictures could not be used or were converted,
    with the first file of each kind. Items without a path and plainly read
    pictures are not worth a warning.

    Args:
        paths: Sequence of the paths that were read.
        outcomes: For each path the outcomes that `read_picture` returned.
        counts: Optional `collections.Counter` that receives the number of
            each outcome. Defaults to `None`.
    """
    counts = collections.Counter() if counts is None else counts
    first = {}
    for row, (path, happened) in enumerate(zip(paths, outcomes)):
        counts.update(happened)
        for outcome in happened:
            first.setdefault(outcome, f"row {row}: {path}")
    remarkable = [key for key in first if key not in ("read", "no path")]
    if remarkable:
        parts = [f"{counts[key]} {key} ({first[key]})" for key in remarkable]
        warnings.warn(
            f"Pictures: {counts['read']} read; {'; '.join(parts)}. The first "
            "of each kind is named. Items without a usable picture are marked "
            "as absent.",
            stacklevel=3,
        )


def _convert(picture, size):
    """An open picture as RGB pixels, with its outcomes."""
    if min(picture.size) < MINIMUM_SIDE:
        return None, ["too small"]
    outcomes = ["read"]
    if getattr(picture, "n_frames", 1) > 1:
        picture.seek(0)
        outcomes.append("animated, first frame used")
    picture.load()
    if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        outcomes.append(f"converted from {picture.mode}")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bit(picture)
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    picture = picture.convert("RGB")
    picture = picture.resize(
        (size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=3.0
    )
    return np.asarray(picture, dtype=np.uint8), outcomes


def _eight_bit(picture):
    """A 16-bit, 32-bit or float gray picture scaled to 0..255."""
    values = np.asarray(picture, dtype=np.float64)
    highest = 65535.0 if picture.mode.startswith("I") else 1.0
    highest = max(highest, float(values.max()))
    scaled = np.clip(values / highest, 0.0, 1.0) * 255.0
    return Image.fromarray(np.rint(scaled).astype(np.uint8), mode="L")

"""Pictures of the demo items: a colored shape before a cluttered background."""

import colorsys

import numpy as np
from PIL import Image
from PIL import ImageDraw

SIDE = 96

_SCALE = 4  # drawn larger, then reduced: smooth edges
_NUM_HUES = 8
_CLUTTER = 8
_WRONG_TASTE = 0.08

_SHAPES = ("disk", "triangle", "cross", "bar")


def draw_picture(rng: np.random.Generator, color: int, shape: int):
    """Draws one item.

    The shape lies near the center, a little turned, in one of eight hues, and
    is plain, striped or dotted. Behind it is a gray or tinted ground with
    small marks in random colors and grain. The pattern and everything behind
    have nothing to do with any taste. One color in twelve, and one shape, is
    drawn anew.

    Args:
        rng: The source of all randomness.
        color: Integer below 8.
        shape: Integer below 4.

    Returns:
        A Pillow image of 96 x 96 RGB pixels.
    """
    if rng.random() < _WRONG_TASTE:
        color = int(rng.integers(_NUM_HUES))
    if rng.random() < _WRONG_TASTE:
        shape = int(rng.integers(len(_SHAPES)))
    side = SIDE * _SCALE
    ground = _hsv(rng.random(), 0.2 * rng.random(), 0.7 + 0.25 * rng.random())
    picture = Image.new("RGB", (side, side), ground)
    _draw_clutter(rng, ImageDraw.Draw(picture), side)
    stencil = Image.new("L", (side, side), 0)
    corners = _place(rng, _outline(_SHAPES[shape]), side)
    ImageDraw.Draw(stencil).polygon(corners, fill=255)
    hue = (color + 0.5 * (rng.random() - 0.5)) / _NUM_HUES
    fill = _hsv(hue, 0.75 + 0.25 * rng.random(), 0.65 + 0.35 * rng.random())
    picture.paste(_draw_pattern(rng, fill, side), mask=stencil)
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    grain = rng.integers(-6, 7, size=(SIDE, SIDE, 1))
    pixels = np.clip(np.asarray(picture, np.int64) + grain, 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def _hsv(hue, saturation, value):
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return tuple(round(255 * channel) for channel in (red, green, blue))


def _draw_clutter(rng, draw, side):
    """Scatters small disks and lines in random colors."""
    for _ in range(_CLUTTER):
        x, y, right, down = rng.random(4) * side
        tint = _hsv(rng.random(), 0.5 * rng.random(), 0.4 + 0.5 * rng.random())
        if rng.random() < 0.5:
            radius = (0.02 + 0.05 * rng.random()) * side
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(box, fill=tint)
        else:
            end = (0.6 * x + 0.4 * right, 0.6 * y + 0.4 * down)
            draw.line((x, y, *end), fill=tint, width=side // 48)


def _draw_pattern(rng, fill, side):
    """Fills a square plainly, with stripes, or with dots."""
    picture = Image.new("RGB", (side, side), fill)
    draw = ImageDraw.Draw(picture)
    lighter = tuple((2 * channel + 255) // 3 for channel in fill)
    step = side // 12
    pattern = rng.integers(3)
    if pattern == 1:
        for x in range(0, side, step):
            draw.rectangle((x, 0, x + step // 4, side), fill=lighter)
    elif pattern == 2:
        for x in range(0, side, step):
            for y in range(0, side, step):
                box = (x, y, x + step // 3, y + step // 3)
                draw.ellipse(box, fill=lighter)
    return picture


def _outline(name):
    """Returns the corners of a shape, of shape `(corners, 2)`."""
    if name == "disk":
        return _ring(48, 0.85)
    if name == "triangle":
        return _ring(3, 1.05)
    if name == "bar":
        return np.array(
            [[-1.1, -0.35], [1.1, -0.35], [1.1, 0.35], [-1.1, 0.35]]
        )
    arm = np.array([[0.3, -1.0], [0.3, -0.3], [1.0, -0.3]])
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    return np.concatenate(
        [arm @ np.linalg.matrix_power(quarter, turns) for turns in (0, 3, 2, 1)]
    )


def _ring(num_corners, radius):
    """Returns a regular polygon with one corner at the top."""
    angles = 2 * np.pi * np.arange(num_corners) / num_corners
    return radius * np.stack([np.sin(angles), -np.cos(angles)], axis=1)


def _place(rng, outline, side):
    """Turns, scales and moves an outline, and returns it as tuples."""
    angle = (rng.random() - 0.5) * 0.25
    turned = outline @ np.array(
        [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    )
    radius = (0.3 + 0.08 * rng.random()) * side
    center = (0.5 + 0.08 * (rng.random(2) - 0.5)) * side
    return [tuple(corner) for corner in center + radius * turned]

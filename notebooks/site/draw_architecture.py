"""Draws the architecture of CAmgr with the equations of the paper.

python notebooks/site/draw_architecture.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyArrowPatch  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402

TARGET = Path(__file__).parent / "_static" / "architecture.png"
GREY, BLUE, GREEN, ORANGE = "#eceff1", "#d6e6f5", "#dcefdc", "#fbe5cc"
# Name: center, width, color, text.
BOXES = {
    "content": ((1.0, 3.1), 1.8, GREY, "pictures, titles, ...\nof the items"),
    "graph": ((1.0, 0.9), 1.8, GREY, "who bought what"),
    "purify": (
        (3.5, 3.1),
        2.0,
        BLUE,
        "purification\nitem + its users,\ngated by content\n(1)-(6)",
    ),
    "convolve": (
        (6.15, 3.1),
        2.4,
        GREEN,
        "similar items,\nthen each user's mean\n$H_m$  (10)-(14)",
    ),
    "encode": (
        (4.75, 0.9),
        2.6,
        GREEN,
        "user-item graph,\nmean over layers\n$H_n$  (7)-(9)",
    ),
    "fuse": (
        (8.75, 2.4),
        2.1,
        ORANGE,
        "fusion: the $H_m$\nby learned shares\n$H_f$  (15)-(26)",
    ),
    "score": (
        (11.45, 1.7),
        2.6,
        GREY,
        "score: product of\n$(H_n + H_f)$\n(27), (28)",
    ),
    "loss": (
        (11.45, 3.5),
        2.6,
        GREY,
        "loss: softmax for (29),\ncontrast of $H_f$, $H_n$ (30),\nL2 (31)",
    ),
}
ARROWS = [
    ("content", "purify"),
    ("graph", "purify"),
    ("purify", "convolve"),
    ("convolve", "fuse"),
    ("graph", "encode"),
    ("encode", "score"),
    ("fuse", "score"),
    ("fuse", "loss"),
]
HEIGHT = 1.15


def edge(start, end):
    """Where an arrow leaves one box and meets another."""
    (x0, y0), w0, *_ = BOXES[start]
    (x1, y1), w1, *_ = BOXES[end]
    if x1 - x0 > 1.3:
        return (x0 + w0 / 2, y0), (x1 - w1 / 2, y1)
    side = 1 if y1 > y0 else -1
    return (x0, y0 + side * HEIGHT / 2), (x1, y1 - side * HEIGHT / 2)


def draw():
    figure, axes = plt.subplots(figsize=(12.6, 4.4))
    for (x, y), width, color, text in BOXES.values():
        axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - HEIGHT / 2),
                width,
                HEIGHT,
                boxstyle="round,pad=0.02,rounding_size=0.12",
                facecolor=color,
                edgecolor="#455a64",
            )
        )
        axes.text(x, y, text, ha="center", va="center", fontsize=10)
    for start, end in ARROWS:
        source, target = edge(start, end)
        axes.add_patch(
            FancyArrowPatch(
                source,
                target,
                arrowstyle="-|>",
                mutation_scale=14,
                color="#455a64",
                shrinkA=3,
                shrinkB=3,
            )
        )
    axes.set_xlim(0, 12.9)
    axes.set_ylim(0.1, 4.3)
    axes.axis("off")
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=110, bbox_inches="tight", facecolor="white")


if __name__ == "__main__":
    draw()

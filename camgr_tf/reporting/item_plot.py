import textwrap

from PIL import Image

LINE_WIDTH = 20


def plot_item(axes, item, caption=""):
    """Draws an item: its picture, a caption above it, its title below.

    What is not known of the item is left out; without a title its original
    id stands there.

    Args:
        axes: Matplotlib `Axes`.
        item: Row of `Dataset.items`: a mapping with `original_id` and, where
            known, `title` and `image`, the path of the picture.
        caption: String. Defaults to `""`.
    """
    if item.get("image"):
        with Image.open(item["image"]) as picture:
            # Gray pixels would be drawn in the colors of a heat map.
            axes.imshow(picture.convert("RGB"))
    else:
        axes.set_box_aspect(1)
        axes.text(0.5, 0.5, "no picture", ha="center", va="center", fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    text = item.get("title") or item["original_id"]
    lines = textwrap.wrap(text, width=LINE_WIDTH)[:3]
    # Two dollar signs in a title are prices, and no formula.
    axes.set_xlabel("\n".join(lines), fontsize=9, parse_math=False)
    axes.set_title(caption, fontsize=9, parse_math=False)

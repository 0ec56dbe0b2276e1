import textwrap

import matplotlib.pyplot as plt


def plot_items(items, item_ids, axes_row, notes=None):
    """Draws items as pictures with titles, one in each axes.

    Args:
        items: DataFrame indexed by item id, `Dataset.items`; `image` is a
            path and `title` a text where known.
        item_ids: Sequence of integers, at most as many as axes.
        axes_row: Sequence of `matplotlib.axes.Axes`; those left over are
            hidden.
        notes: Sequence of strings to stand under the titles. Defaults to
            `None`: nothing.
    """
    for axes in axes_row:
        axes.set_axis_off()
    for place, (item, axes) in enumerate(zip(item_ids, axes_row)):
        row = items.loc[item]
        label = str(row.get("title") or row["original_id"])
        label = "\n".join(textwrap.wrap(label, 18)[:3])
        if notes is not None:
            label += f"\n{notes[place]}"
        axes.set_title(label, fontsize=6)
        if row.get("image"):
            axes.imshow(plt.imread(row["image"]))

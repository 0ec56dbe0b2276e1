import numpy as np

# Where on an edge its number stands, from the item's end: numbers of edges
# that meet in one item stay apart.
LABEL_PLACE = 0.3


def plot_bipartite(axes, weights, users, items, title=None):
    """Draws a small graph of users and items with a number on each edge.

    Args:
        axes: Matplotlib `Axes`.
        weights: Float array of shape `(num_users, num_items)`; zero where
            there is no edge. The width of a line follows its weight.
        users: List of strings, a name for each user, drawn on the left.
        items: List of strings, a name for each item, drawn on the right.
        title: String. Defaults to `None`.
    """
    weights = np.asarray(weights)
    user_heights = np.linspace(1.0, 0.0, len(users))
    item_heights = np.linspace(1.0, 0.0, len(items))
    for user, item in np.argwhere(weights):
        weight = weights[user, item]
        start, end = user_heights[user], item_heights[item]
        axes.plot(
            [0.0, 1.0], [start, end], color="C0", linewidth=1 + 4 * weight
        )
        axes.text(
            1.0 - LABEL_PLACE,
            end + LABEL_PLACE * (start - end),
            f"{weight:.3g}",
            ha="center",
            va="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
    for x, names, heights, side in (
        (0.0, users, user_heights, "right"),
        (1.0, items, item_heights, "left"),
    ):
        axes.scatter([x] * len(names), heights, color="C1", s=60, zorder=3)
        shift = -0.06 if side == "right" else 0.06
        for name, height in zip(names, heights):
            axes.text(x + shift, height, name, ha=side, va="center")
    axes.set_xlim(-0.4, 1.4)
    axes.set_ylim(-0.15, 1.15)
    axes.set_axis_off()
    axes.set_title(title, fontsize=10)

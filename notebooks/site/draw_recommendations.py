"""Draws lists of the demo data with the reason of each item.

    python notebooks/site/draw_recommendations.py

Trains CAmgr on the demo data first, a minute or two.
"""

import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

import camgr_tf  # noqa: E402
from camgr_tf.reporting.item_plot import plot_item  # noqa: E402

TARGET = Path(__file__).parent / "_static" / "recommendations.png"
USERS = ("user-003", "user-010")
K = 4


def draw(recommender):
    items = recommender.run.dataset.items.set_index("original_id", drop=False)
    figure, rows = plt.subplots(len(USERS), K, figsize=(11, 6.4))
    for user, axes in zip(USERS, rows):
        listed = recommender.recommend([user], k=K)["item"]
        for rank, (ax, item) in enumerate(zip(axes, listed), start=1):
            plot_item(ax, items.loc[item], f"{user}, {rank}")
            sentence = recommender.explain(user, item).sentence
            ax.text(
                0.5,
                -0.4,
                "\n".join(textwrap.wrap(sentence, 34)),
                transform=ax.transAxes,
                ha="center",
                va="top",
                fontsize=7.5,
                color="#37474f",
            )
    figure.subplots_adjust(hspace=1.15, wspace=0.15)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=90, bbox_inches="tight", facecolor="white")


if __name__ == "__main__":
    run = camgr_tf.train(camgr_tf.resolve_config(dataset="demo"))
    draw(camgr_tf.load(run.folder))

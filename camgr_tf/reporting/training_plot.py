def plot_losses(history, axes):
    """Draws every term of the loss against the epoch.

    Args:
        history: DataFrame, the content of a run's `history.csv`.
        axes: `matplotlib.axes.Axes`.
    """
    columns = list(history.columns)
    terms = columns[columns.index("learning_rate") + 1 :]
    for term in terms[: terms.index("train_seconds")]:
        axes.plot(history["epoch"], history[term], label=term)
    axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, weighted")
    axes.legend()


def plot_validation(history, best_epoch, axes):
    """Draws validation Recall@20 and NDCG@20, and marks the best epoch.

    Args:
        history: DataFrame, the content of a run's `history.csv`.
        best_epoch: Integer. The epoch whose weights were kept.
        axes: `matplotlib.axes.Axes`.
    """
    for name in ("recall@20", "ndcg@20"):
        axes.plot(history["epoch"], history[f"val_{name}"], label=name)
    axes.axvline(best_epoch, color="black", linestyle=":", label="best")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation")
    axes.legend()

import matplotlib.figure
import pandas as pd

from camgr_tf.reporting.training_plot import plot_losses
from camgr_tf.reporting.training_plot import plot_validation

HISTORY = pd.DataFrame(
    {
        "epoch": [0, 1],
        "learning_rate": [0.1, 0.1],
        "bpr": [0.7, 0.5],
        "l2": [0.1, 0.2],
        "loss": [0.8, 0.7],
        "train_seconds": [1.0, 1.0],
        "val_recall@20": [0.1, 0.2],
        "val_ndcg@20": [0.05, 0.1],
    }
)


def test_draws_each_term_of_the_loss_and_nothing_else():
    axes = matplotlib.figure.Figure().subplots()
    plot_losses(HISTORY, axes)
    assert [line.get_label() for line in axes.lines] == ["bpr", "l2", "loss"]
    assert list(axes.lines[0].get_ydata()) == [0.7, 0.5]


def test_marks_the_best_epoch():
    axes = matplotlib.figure.Figure().subplots()
    plot_validation(HISTORY, best_epoch=1, axes=axes)
    recall, ndcg, best = axes.lines
    assert list(recall.get_ydata()) == [0.1, 0.2]
    assert list(ndcg.get_ydata()) == [0.05, 0.1]
    assert best.get_xdata()[0] == 1

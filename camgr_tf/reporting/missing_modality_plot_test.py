import pandas as pd
import pytest
from matplotlib.figure import Figure

from camgr_tf.reporting.missing_modality_plot import plot_missing_modality

TABLE = pd.DataFrame(
    {
        "modality": ["image", "image", "text", "text"],
        "fraction": [0.0, 1.0, 0.0, 1.0],
        "recall@20": [0.4, 0.3, 0.4, 0.1],
    }
)


def test_a_line_for_each_modality():
    axes = Figure().subplots()
    lines = plot_missing_modality(axes, TABLE, label="CAmgr")
    assert [line.get_label() for line in lines] == [
        "CAmgr, image",
        "CAmgr, text",
    ]
    assert lines[1].get_xdata().tolist() == [0.0, 100.0]
    assert lines[1].get_ydata().tolist() == [0.4, 0.1]
    assert axes.get_ylim()[0] == 0


def test_an_unknown_metric():
    with pytest.raises(ValueError, match="Received: 'recall@7'"):
        plot_missing_modality(Figure().subplots(), TABLE, "recall@7")

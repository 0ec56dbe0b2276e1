import shutil

import pytest

from camgr_tf.reporting.sweep_plots import plot_accuracy_by_time
from camgr_tf.reporting.sweep_plots import plot_bars
from camgr_tf.reporting.sweep_plots import plot_heat_maps
from camgr_tf.reporting.sweep_plots import plot_lines


def test_bars_are_as_high_as_the_means(make_results):
    recalls = {"text": 0.1, "image": 0.2, "image and text": 0.3}
    figure = plot_bars([make_results("figure2", recalls, seeds=3)])
    left, _ = figure.axes
    heights = [bar.get_height() for bar in left.patches]
    # Seeds 0, 1, 2 add 0, 0.001 and 0.002.
    assert heights == pytest.approx([0.101, 0.201, 0.301])
    assert left.get_ylabel() == "Recall@20"


def test_lines_go_through_the_means(make_results):
    recalls = {f"num_neighbors = {k}": k / 100 for k in (5, 10, 15, 20)}
    figure = plot_lines([make_results("figure3", recalls)])
    line = figure.axes[0].lines[0]
    assert line.get_xdata().tolist() == [5, 10, 15, 20, 25]
    assert line.get_ydata()[:4].tolist() == pytest.approx(
        [0.05, 0.1, 0.15, 0.2]
    )
    assert line.get_ydata()[4] != line.get_ydata()[4]  # not finished: NaN
    assert figure.axes[0].get_xscale() == "linear"


def test_a_wide_range_is_drawn_on_a_log_axis(make_results):
    figure = plot_lines([make_results("table4")])
    assert figure.axes[0].get_xscale() == "log"


def test_a_heat_map_has_rows_and_columns_of_the_grid(make_results):
    recalls = {
        f"num_neighbors = {k}, contrastive_weight = {w}": k / 100 + w
        for k in (5, 10, 20)
        for w in (0.001, 0.01, 0.05)
    }
    figure = plot_heat_maps([make_results("sweep", recalls)])
    shown = figure.axes[0].images[0].get_array()
    assert shown[0].tolist() == pytest.approx([0.051, 0.06, 0.1])
    assert shown[2, 1] == pytest.approx(0.21)


def test_accuracy_grows_over_cumulated_seconds(make_results, tmp_path):
    result = make_results("table2", {"MF": 0.1, "CAmgr": 0.2})
    figure = plot_accuracy_by_time([result], tmp_path)
    curve, best = figure.axes[0].lines[:2]
    # The fake epochs take 2 s each; the second of three is the best.
    assert curve.get_xdata().tolist() == [2, 4, 6]
    assert curve.get_ydata().tolist() == pytest.approx([0.05, 0.1, 0.09])
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (4, 0.1)
    labels = [text.get_text() for text in figure.axes[0].get_legend().texts]
    assert labels == ["MF", "CAmgr"]


def test_runs_of_another_machine_have_no_curve(make_results, tmp_path):
    result = make_results("table2", {"MF": 0.1, "CAmgr": 0.2})
    for run in tmp_path.glob("tiny-mf-*"):
        shutil.rmtree(run)
    figure = plot_accuracy_by_time([result], tmp_path)
    labels = [text.get_text() for text in figure.axes[0].get_legend().texts]
    assert labels == ["CAmgr"]


def test_errors(make_results):
    result = make_results("table3")
    with pytest.raises(ValueError, match=r"grid of one parameter"):
        plot_lines([result])
    with pytest.raises(ValueError, match=r"grid of two parameters"):
        plot_heat_maps([result])

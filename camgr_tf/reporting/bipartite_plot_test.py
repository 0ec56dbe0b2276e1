import unittest

from matplotlib.figure import Figure

from camgr_tf.reporting.bipartite_plot import plot_bipartite


class PlotBipartiteTest(unittest.TestCase):
    def test_one_line_for_each_edge(self):
        axes = Figure().subplots()
        weights = [[0.25, 0.0], [0.75, 1.0]]
        plot_bipartite(axes, weights, ["Ann", "Ben"], ["mug", "lamp"], "toy")
        # Ann is above Ben, the mug above the lamp.
        self.assertEqual(
            [list(line.get_ydata()) for line in axes.lines],
            [[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]],
        )
        self.assertEqual(
            [line.get_linewidth() for line in axes.lines], [2.0, 4.0, 5.0]
        )
        texts = [text.get_text() for text in axes.texts]
        self.assertEqual(
            texts, ["0.25", "0.75", "1", "Ann", "Ben", "mug", "lamp"]
        )

import unittest

from matplotlib.figure import Figure

from camgr_tf.reporting.matrix_plot import plot_matrix


class PlotMatrixTest(unittest.TestCase):
    def test_every_cell_shows_its_value(self):
        axes = Figure().subplots()
        plot_matrix(axes, [[0.25, 0.75, 1.0]], ["u"], ["a", "b", "c"], "A")
        self.assertEqual(
            [
                (*text.get_position(), text.get_text(), text.get_color())
                for text in axes.texts
            ],
            [
                (0, 0, "0.25", "black"),
                (1, 0, "0.75", "white"),
                (2, 0, "1", "white"),
            ],
        )
        labels = [label.get_text() for label in axes.get_xticklabels()]
        self.assertEqual(labels, ["a", "b", "c"])
        self.assertEqual(axes.get_title(), "A")

import unittest

import numpy as np
from matplotlib.figure import Figure

from camgr_tf.reporting.degree_plot import plot_degrees


class PlotDegreesTest(unittest.TestCase):
    def test_line_is_the_share_at_least(self):
        axes = Figure().subplots()
        # Five nodes: four have at least 1, three at least 2, one 7. The node
        # of degree 0 counts in the shares and is not drawn.
        line = plot_degrees(axes, np.array([2, 1, 7, 0, 2]), "items")
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 7])
        np.testing.assert_allclose(line.get_ydata(), [0.8, 0.6, 0.2])
        self.assertEqual(line.get_label(), "items")
        self.assertEqual((axes.get_xscale(), axes.get_yscale()), ("log",) * 2)

import io
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.image import imsave
from PIL import Image

from camgr_tf.reporting.item_plot import plot_item


class PlotItemTest(unittest.TestCase):
    def test_picture_title_and_caption(self):
        axes = Figure().subplots()
        pixels = np.zeros((2, 3, 4))
        pixels[0, 1] = 1.0
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "mug.png")
            imsave(path, pixels)
            item = pd.Series(
                {"original_id": "m1", "title": "Oak mug", "image": path}
            )
            plot_item(axes, item, "0.91")
        # As drawn, without the channel of transparency.
        drawn = 255 * pixels[:, :, :3]
        np.testing.assert_array_equal(axes.images[0].get_array(), drawn)
        self.assertEqual(axes.get_xlabel(), "Oak mug")
        self.assertEqual(axes.get_title(), "0.91")

    def test_item_of_which_only_the_id_is_known(self):
        axes = Figure().subplots()
        plot_item(axes, pd.Series({"original_id": "m1"}))
        self.assertEqual(len(axes.images), 0)
        self.assertEqual(axes.texts[0].get_text(), "no picture")
        self.assertEqual(axes.get_xlabel(), "m1")

    def test_dollar_signs_are_no_formula(self):
        for title in ("$5 off, now $10", "$\\frac$", "a^b $x_$ ~ {"):
            figure = Figure()
            item = {"original_id": "m1", "title": title}
            plot_item(figure.subplots(), item, title)
            figure.savefig(io.BytesIO())  # a bad formula fails here
            self.assertFalse(figure.axes[0].xaxis.label.get_parse_math())

    def test_long_titles_are_wrapped_and_cut(self):
        axes = Figure().subplots()
        title = " ".join(["premium"] * 20)
        plot_item(axes, pd.Series({"original_id": "m1", "title": title}))
        # Two words of seven letters fit into a line of 20.
        self.assertEqual(axes.get_xlabel(), "\n".join(["premium premium"] * 3))

    def test_gray_pictures_are_drawn_gray(self):
        axes = Figure().subplots()
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "mug.png")
            Image.fromarray(np.array([[0, 90]], "uint8")).save(path)
            plot_item(axes, {"original_id": "m1", "image": path})
        drawn = axes.images[0].get_array()
        np.testing.assert_array_equal(drawn, [[[0, 0, 0], [90, 90, 90]]])

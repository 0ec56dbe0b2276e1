import matplotlib.figure
import numpy as np
import pandas as pd
from PIL import Image

from camgr_tf.reporting.item_pictures import plot_items


def test_pictures_titles_and_what_is_left_over(tmp_path):
    red = np.zeros((4, 4, 3), "uint8")
    red[..., 0] = 255
    Image.fromarray(red).save(tmp_path / "red.png")
    items = pd.DataFrame(
        {
            "original_id": ["a", "b"],
            "title": ["Red square", ""],
            "image": [str(tmp_path / "red.png"), ""],
        }
    )
    axes = matplotlib.figure.Figure().subplots(1, 3)
    plot_items(items, [0, 1], axes, notes=["first", "second"])
    assert axes[0].get_title() == "Red square\nfirst"
    assert axes[0].images[0].get_array()[0, 0, 0] in (1.0, 255)
    assert axes[1].get_title() == "b\nsecond"  # no title: the id
    assert not axes[1].images
    assert not axes[2].axison

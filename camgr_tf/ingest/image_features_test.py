import collections

import numpy as np
import pytest
from PIL import Image
from PIL import ImageDraw

from camgr_tf.ingest import image_features


def _uniform(path, color):
    Image.new("RGB", (64, 64), color).save(path)
    return path


def _drawing(path, color, shape, offset=0):
    picture = Image.new("RGB", (96, 96), "white")
    draw = ImageDraw.Draw(picture)
    box = (15 + offset, 15, 75 + offset, 75)
    if shape == "disk":
        draw.ellipse(box, fill=color)
    else:
        draw.rectangle(box, fill=color)
    picture.save(path)
    return path


class TestColorShapeFeatures:
    def test_blocks_of_uniform_red_by_hand(self, tmp_path):
        path = _uniform(tmp_path / "red.png", (255, 0, 0))
        features, present = image_features.color_shape_features([path])
        assert features.shape == (1, 72 + 128 + 192)
        assert features.dtype == np.float32
        assert present.tolist() == [True]
        # Hue 0, saturation bin 2, value bin 2: the code is 2 * 3 + 2.
        color = np.zeros(72)
        color[8] = 1.0
        np.testing.assert_allclose(features[0, :72], color, atol=1e-7)
        # No edge anywhere.
        np.testing.assert_array_equal(features[0, 72:200], 0.0)
        # (1 - .5, -.5, -.5) in 64 cells, over its norm sqrt(192 / 4).
        layout = np.tile([0.5, -0.5, -0.5], 64) / np.sqrt(48.0)
        np.testing.assert_allclose(features[0, 200:], layout, atol=1e-6)

    def test_color_weights_by_hand(self, tmp_path):
        # Half white (weight .1), half pure green (weight 1.1): the root of
        # the shares 1/12 and 11/12 of the weight.
        picture = Image.new("RGB", (64, 64), "white")
        picture.paste((0, 255, 0), (0, 0, 32, 64))
        path = tmp_path / "a.png"
        picture.save(path)
        color = image_features.color_shape_features([path])[0][0, :72]
        # Green: hue 1/3 is bin floor(8/3 + .5) = 3, code (3*3 + 2)*3 + 2.
        assert np.flatnonzero(color).tolist() == [2, 35]
        np.testing.assert_allclose(
            color[[2, 35]], np.sqrt([1 / 12, 11 / 12]), rtol=1e-6
        )

    def test_vertical_edge_is_in_the_horizontal_gradient_bin(self, tmp_path):
        picture = Image.new("RGB", (64, 64), "white")
        picture.paste("black", (0, 0, 8, 64))
        path = tmp_path / "a.png"
        picture.save(path)
        features, _ = image_features.color_shape_features([path])
        shape = features[0, 72:200].reshape(4, 4, 8)
        # One edge in the first column of cells, equally strong in 4 rows.
        np.testing.assert_allclose(shape[:, 0, 0], 0.5, rtol=1e-6)
        shape[:, 0, 0] = 0.0
        np.testing.assert_array_equal(shape, 0.0)

    def test_nearest_neighbor_has_same_color_and_shape(self, tmp_path):
        paths = [
            _drawing(tmp_path / f"{c}{s}{o}.png", c, s, o)
            for c in ("crimson", "navy", "gold")
            for s in ("disk", "box")
            for o in (0, 3)
        ]
        features, _ = image_features.color_shape_features(paths)
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        similarity = unit @ unit.T
        np.fill_diagonal(similarity, -1.0)
        # Pictures 2r and 2r + 1 differ only by a shift of 3 pixels.
        np.testing.assert_array_equal(
            similarity.argmax(axis=1), np.arange(12) ^ 1
        )

    def test_unusable_pictures_are_absent_and_counted(self, tmp_path):
        bad = tmp_path / "bad.jpg"
        bad.write_bytes(b"no picture")
        good = _uniform(tmp_path / "good.png", "green")
        counts = collections.Counter()
        with pytest.warns(UserWarning, match="1 unreadable"):
            features, present = image_features.color_shape_features(
                [bad, good, None], counts
            )
        assert present.tolist() == [False, True, False]
        np.testing.assert_array_equal(features[[0, 2]], 0.0)
        assert counts == {"unreadable": 1, "read": 1, "no path": 1}

    def test_no_pictures(self):
        features, present = image_features.color_shape_features([])
        assert features.shape == (0, 392) and present.shape == (0,)

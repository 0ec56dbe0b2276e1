import collections
import warnings

import numpy as np
import pytest
from PIL import Image

from camgr_tf.ingest import pictures


def _save(path, mode, color, size=(20, 30), **options):
    Image.new(mode, size, color).save(path, **options)
    return path


class TestReadPicture:
    def test_rgb_is_stretched_to_height_and_width(self, tmp_path):
        path = _save(tmp_path / "a.png", "RGB", (10, 20, 30))
        pixels, outcomes = pictures.read_picture(path, (5, 7))
        assert pixels.shape == (5, 7, 3) and pixels.dtype == np.uint8
        assert (pixels == [10, 20, 30]).all()
        assert outcomes == ["read"]

    def test_cmyk_is_converted(self, tmp_path):
        # No ink is white, full cyan has no red.
        path = _save(
            tmp_path / "a.tif", "CMYK", (255, 0, 0, 0), compression="raw"
        )
        pixels, outcomes = pictures.read_picture(path, (4, 4))
        assert (pixels == [0, 255, 255]).all()
        assert outcomes == ["read", "converted from CMYK"]

    def test_first_frame_of_an_animation(self, tmp_path):
        frames = [Image.new("RGB", (16, 16), c) for c in ("red", "blue")]
        path = tmp_path / "a.gif"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        pixels, outcomes = pictures.read_picture(path, (4, 4))
        assert (pixels == [255, 0, 0]).all()
        assert outcomes == ["read", "animated, first frame used"]

    def test_transparent_pixels_are_white(self, tmp_path):
        path = _save(tmp_path / "a.png", "RGBA", (255, 0, 0, 0))
        pixels, _ = pictures.read_picture(path, (4, 4))
        assert (pixels == 255).all()

    def test_palette_and_gray(self, tmp_path):
        gray = _save(tmp_path / "g.png", "L", 77)
        assert (pictures.read_picture(gray, (4, 4))[0] == 77).all()
        palette = tmp_path / "p.gif"
        Image.new("RGB", (9, 9), (0, 0, 255)).convert("P").save(palette)
        blue = pictures.read_picture(palette, (4, 4))[0]
        assert (blue == [0, 0, 255]).all()

    def test_sixteen_bit_gray_is_scaled_not_clipped(self, tmp_path):
        values = np.full((16, 16), 32768, dtype=np.uint16)
        path = tmp_path / "a.png"
        Image.fromarray(values).save(path)
        pixels, _ = pictures.read_picture(path, (4, 4))
        assert (pixels == 128).all()  # 32768 / 65535 * 255 = 127.5, to even

    def test_orientation_tag_is_obeyed(self, tmp_path):
        picture = Image.new("RGB", (40, 20), "white")
        picture.paste("black", (0, 0, 20, 20))  # left half
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise by 90 degrees
        path = tmp_path / "a.png"
        picture.save(path, exif=exif)
        pixels, _ = pictures.read_picture(path, (8, 4))
        # Turned clockwise, the left half is the upper half.
        assert (pixels[:3] == 0).all() and (pixels[5:] == 255).all()

    @pytest.mark.parametrize("path", [None, ""])
    def test_no_path(self, path):
        assert pictures.read_picture(path, (4, 4)) == (None, ["no path"])

    def test_missing_file(self, tmp_path):
        result = pictures.read_picture(tmp_path / "a.png", (4, 4))
        assert result == (None, ["missing file"])

    def test_too_small(self, tmp_path):
        path = _save(tmp_path / "a.gif", "L", 0, size=(1, 1))
        assert pictures.read_picture(path, (4, 4)) == (None, ["too small"])

    def test_unreadable(self, tmp_path):
        text = tmp_path / "text.jpg"
        text.write_bytes(b"<html>404</html>")
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
        whole = tmp_path / "whole.png"
        Image.fromarray(noise.astype(np.uint8)).save(whole)
        cut = tmp_path / "cut.png"
        cut.write_bytes(whole.read_bytes()[:3000])
        for path in (text, cut):
            result = pictures.read_picture(path, (4, 4))
            assert result == (None, ["unreadable"])


class TestQuietDecoders:
    def test_only_pillow_is_silenced(self):
        with pytest.warns(UserWarning) as caught, pictures.quiet_decoders():
            warnings.warn_explicit("odd palette", UserWarning, "a", 1, "PIL.x")
            warnings.warn_explicit("other", UserWarning, "b", 1, "camgr_tf")
        assert [str(w.message) for w in caught] == ["other"]


class TestCountOutcomes:
    def test_counts_and_one_warning(self):
        counts = collections.Counter()
        paths = ["a", None, "b", "c", "d", "e"]
        outcomes = [
            ["read"],
            ["no path"],
            ["unreadable"],
            ["read", "converted from CMYK"],
            ["unreadable"],
            ["missing file"],
        ]
        with pytest.warns(UserWarning) as caught:
            pictures.count_outcomes(paths, outcomes, counts)
        assert counts == {
            "read": 2,
            "no path": 1,
            "unreadable": 2,
            "converted from CMYK": 1,
            "missing file": 1,
        }
        assert len(caught) == 1
        message = str(caught[0].message)
        assert "2 read" in message
        assert "2 unreadable (row 2: b)" in message
        assert "1 converted from CMYK (row 3: c)" in message
        assert "1 missing file (row 5: e)" in message

    def test_no_warning_for_good_pictures_and_items_without(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pictures.count_outcomes(["a", None], [["read"], ["no path"]])

import numpy as np

from camgr_tf.ingest.demo_pictures import draw_picture


def _pixels(seed, color, shape):
    picture = draw_picture(np.random.default_rng(seed), color, shape)
    return np.asarray(picture, np.float64)


def test_size_and_mode():
    picture = draw_picture(np.random.default_rng(0), 0, 0)
    assert (picture.size, picture.mode) == ((96, 96), "RGB")


def test_same_seed_same_picture():
    np.testing.assert_array_equal(_pixels(3, 1, 2), _pixels(3, 1, 2))
    assert (_pixels(3, 1, 2) != _pixels(4, 1, 2)).any()


def test_the_color_is_in_the_middle():
    # Hue 0 is red, hue 3 of 8 is green, hue 5 of 8 is blue. One in twelve
    # pictures shows another hue, so a clear majority is asked for.
    for color, channel in ((0, 0), (3, 1), (5, 2)):
        middles = [
            _pixels(seed, color, 1)[40:56, 40:56].mean(axis=(0, 1))
            for seed in range(40)
        ]
        strongest = np.argmax(middles, axis=1)
        assert 0.8 < np.mean(strongest == channel) <= 1.0


def test_the_border_is_background():
    # No shape reaches the corners, whatever it is: their color says nothing
    # about the item. Saturation there is low, in the middle it is high.
    def saturation(pixels):
        return np.mean(1 - pixels.min(axis=-1) / pixels.max(axis=-1))

    for shape in range(4):
        pictures = [_pixels(seed, 6, shape) for seed in range(20)]
        corner = np.mean([saturation(p[:12, :12]) for p in pictures])
        middle = np.mean([saturation(p[42:54, 42:54]) for p in pictures])
        assert corner < 0.35 < 0.6 < middle


def test_shapes_cover_different_areas():
    def area(shape):
        masks = []
        for seed in range(20):
            pixels = _pixels(seed, 0, shape)
            # Red by far: the shape, unless it is one of the wrong hues.
            red = pixels[..., 0] - pixels[..., 1:].max(axis=-1)
            masks.append(np.mean(red > 60))
        return np.median(masks)

    # Before scaling: a disk of radius .85, an equilateral triangle in a circle
    # of radius 1.05, and a bar of 2.2 by .7.
    disk, triangle, bar = area(0), area(1), area(3)
    expected = np.pi * 0.85**2 / (3 * np.sqrt(3) / 4 * 1.05**2)
    np.testing.assert_allclose(disk / triangle, expected, rtol=0.15)
    np.testing.assert_allclose(disk / bar, np.pi * 0.85**2 / 1.54, rtol=0.15)

import numpy as np
import pytest

from camgr_tf.layers.spectral_fusion import SpectralFusion


def random_rows(count, shape=(5, 6)):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dim", [6, 7])
def test_agrees_with_numpy(count, dim):
    rows = random_rows(count, (5, dim))
    layer = SpectralFusion(dim, count, seed=3)
    filters = np.asarray(layer.filters)
    spectra = [np.fft.rfft(x, norm="ortho") for x in rows]
    spectra.append(np.prod(spectra, axis=0))
    outputs = layer(rows)
    assert len(outputs) == count + 1
    for found, s, (real, imaginary) in zip(outputs, spectra, filters):
        expected = np.fft.irfft(s * (real + 1j * imaginary), dim, norm="ortho")
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_filters_of_one_convolve_and_leave_alone():
    layer = SpectralFusion(6)
    layer.filters.assign(np.tile([[[1.0], [0.0]]], (3, 1, 4)))
    image, text = random_rows(2)
    outputs = layer([image, text])
    np.testing.assert_allclose(outputs[0], image, atol=1e-5)
    np.testing.assert_allclose(outputs[1], text, atol=1e-5)
    # A product of spectra is a circular convolution, over the root of 6.
    for x, y, found in zip(image, text, np.asarray(outputs[2])):
        circular = [
            sum(x[k] * y[(n - k) % 6] for k in range(6)) for n in range(6)
        ]
        np.testing.assert_allclose(
            found, np.array(circular) / np.sqrt(6), atol=1e-5
        )


def test_a_filter_and_the_fused_rows_by_hand():
    layer = SpectralFusion(4)
    layer.filters.assign([[[2.0, 1.0, 3.0], [5.0, 1.0, -7.0]]] * 3)
    # (1, 2, 3, 4) has the spectrum (10, -2+2i, -2) / 2; times (2+5i, 1+i,
    # 3-7i) that is (10+25i, -2, -3+7i), of which row n is
    # (10 - 2 2 cos - 3 (-1)^n) / 2. (1, 0, 0, 1) has (2, 1+i, 0) / 2; the
    # product of all is (10+25i, -1-i, 0), row n is (10 - 2 (cos - sin)) / 2.
    first, _, fused = layer(
        [
            np.array([[1, 2, 3, 4]], "float32"),
            np.array([[1, 0, 0, 1]], "float32"),
        ]
    )
    np.testing.assert_allclose(first, [[1.5, 6.5, 5.5, 6.5]], atol=1e-5)
    np.testing.assert_allclose(fused, [[4, 6, 6, 4]], atol=1e-5)


def test_the_seed_fixes_the_start():
    first, same, other = (SpectralFusion(8, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.filters, same.filters)
    assert np.any(np.asarray(first.filters) != np.asarray(other.filters))
    again = SpectralFusion.from_config(other.get_config())
    np.testing.assert_array_equal(again.filters, other.filters)

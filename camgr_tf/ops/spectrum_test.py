import numpy as np
import pytest

from camgr_tf.ops.spectrum import complex_product
from camgr_tf.ops.spectrum import from_spectrum
from camgr_tf.ops.spectrum import spectrum


@pytest.mark.parametrize("dim", [1, 2, 5, 8, 64])
def test_agrees_with_numpy(dim):
    rows = np.random.default_rng(0).normal(size=(3, dim)).astype("float32")
    real, imaginary = spectrum(rows)
    expected = np.fft.rfft(rows, norm="ortho")
    np.testing.assert_allclose(real, expected.real, atol=1e-5)
    np.testing.assert_allclose(imaginary, expected.imag, atol=1e-5)
    np.testing.assert_allclose(
        from_spectrum(real, imaginary, dim), rows, atol=1e-5
    )


@pytest.mark.parametrize("dim", [4, 5])
def test_what_no_real_row_has_is_not_read(dim):
    rng = np.random.default_rng(1)
    real, imaginary = rng.normal(size=(2, 3, dim // 2 + 1)).astype("float32")
    np.testing.assert_allclose(
        from_spectrum(real, imaginary, dim),
        np.fft.irfft(real + 1j * imaginary, dim, norm="ortho"),
        atol=1e-5,
    )


def test_a_complex_product_by_hand():
    # (1 + 2i) (3 - 1i) = 5 + 5i.
    assert complex_product((1.0, 2.0), (3.0, -1.0)) == (5.0, 5.0)

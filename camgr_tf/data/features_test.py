import warnings

import numpy as np
import pytest

from camgr_tf.data.features import list_modalities
from camgr_tf.data.features import load_features

_VALUES = np.array([[1.0, 0.5], [-2.0, 0.0], [0.25, 3.0]])


def _save(tmp_path, array, name="image_feat.npy"):
    np.save(tmp_path / name, array)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_floats_become_float32(tmp_path, dtype):
    _save(tmp_path, _VALUES.astype(dtype))
    features, present = load_features(tmp_path, "image")
    assert features.dtype == np.float32 and features.dtype.isnative
    np.testing.assert_array_equal(features, _VALUES)
    assert present.tolist() == [True, True, True]


def test_column_order_is_undone(tmp_path):
    _save(tmp_path, np.asfortranarray(_VALUES))
    features, _ = load_features(tmp_path, "image")
    assert features.flags.c_contiguous
    np.testing.assert_array_equal(features, _VALUES)


def test_zero_rows_are_kept_with_a_warning(tmp_path):
    _save(tmp_path, _VALUES * [[1], [0], [0]])
    message = (
        "image_feat.npy: 2 rows are zero everywhere, the first is row 1. They "
        "are kept, and the items count as without image"
    )
    with pytest.warns(UserWarning, match=message):
        features, present = load_features(tmp_path, "image")
    assert features.shape == (3, 2)
    assert present.tolist() == [True, False, False]


def test_mask_says_which_rows_were_imputed(tmp_path):
    _save(tmp_path, _VALUES)
    _save(tmp_path, np.array([True, True, False]), "image_mask.npy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, present = load_features(tmp_path, "image")
    assert present.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("mask", "received"),
    [
        (np.array([1, 1, 0]), r"int64 of shape \(3,\)"),
        (np.array([True, False]), r"bool of shape \(2,\)"),
    ],
)
def test_bad_mask(tmp_path, mask, received):
    _save(tmp_path, _VALUES)
    _save(tmp_path, mask, "image_mask.npy")
    message = rf"image_mask.npy: expected bool of shape \(3,\), .*{received}"
    with pytest.raises(ValueError, match=message):
        load_features(tmp_path, "image")


def test_unknown_modality_says_what_there_is(tmp_path):
    _save(tmp_path, _VALUES)
    _save(tmp_path, _VALUES, "audio_feat.npy")
    assert list_modalities(tmp_path) == ["audio", "image"]
    message = (
        "No features for the modality 'text'. Expected: .*text_feat.npy. "
        "Feature files in that folder: audio_feat.npy, image_feat.npy"
    )
    with pytest.raises(FileNotFoundError, match=message):
        load_features(tmp_path, "text")


def test_no_modality_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="in that folder: none"):
        load_features(tmp_path, "text")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(tmp_path, value):
    array = _VALUES.copy()
    array[1:, 1] = value
    _save(tmp_path, array)
    message = (
        "image_feat.npy: expected values that are finite in float32. "
        f"Received: 2 rows with others, the first is row 1, with {value} in "
        "column 1"
    )
    with pytest.raises(ValueError, match=message):
        load_features(tmp_path, "image")


def test_too_large_for_float32(tmp_path):
    _save(tmp_path, np.array([[1.0, 1e300]]))
    with pytest.raises(ValueError, match="row 0, with inf in column 1"):
        load_features(tmp_path, "image")


@pytest.mark.parametrize("shape", [(), (3,), (3, 2, 1), (0, 2), (3, 0)])
def test_wrong_shape(tmp_path, shape):
    _save(tmp_path, np.ones(shape))
    with pytest.raises(
        ValueError, match="image_feat.npy: expected a matrix, .*Received: shape"
    ) as caught:
        load_features(tmp_path, "image")
    assert str(caught.value).endswith(str(shape))


@pytest.mark.parametrize(
    "dtype", ["int64", "bool", "complex64", "<U3", "longdouble"]
)
def test_wrong_dtype(tmp_path, dtype):
    array = _VALUES.astype(dtype)
    _save(tmp_path, array)
    with pytest.raises(
        ValueError, match="expected float16, float32 or float64. Received: "
    ) as caught:
        load_features(tmp_path, "image")
    assert str(caught.value).endswith(str(array.dtype))


@pytest.mark.parametrize("num_bytes", [0, 5, 60, 140])
def test_truncated(tmp_path, num_bytes):
    _save(tmp_path, _VALUES)
    path = tmp_path / "image_feat.npy"
    path.write_bytes(path.read_bytes()[:num_bytes])
    message = (
        "image_feat.npy: expected a complete .npy file of numbers, without "
        f"pickled objects. Received: {num_bytes} bytes that NumPy refuses"
    )
    with pytest.raises(ValueError, match=message):
        load_features(tmp_path, "image")


def test_pickled_objects_are_not_opened(tmp_path):
    _save(tmp_path, np.array([["a", 1]], dtype=object))
    with pytest.raises(ValueError, match="without pickled objects"):
        load_features(tmp_path, "image")


def test_another_format(tmp_path):
    (tmp_path / "image_feat.npy").write_text("1.0 2.0\n3.0 4.0\n" * 20)
    with pytest.raises(ValueError, match="expected a complete .npy file"):
        load_features(tmp_path, "image")

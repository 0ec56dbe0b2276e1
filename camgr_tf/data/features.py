"""Reads the feature matrix of a modality and refuses what would spread.

One NaN reaches every item through the graphs, so a file is checked whole.
"""

import warnings
from pathlib import Path

import numpy as np

_SUFFIX = "_feat.npy"
# Rows that are checked at one time.
_BLOCK_ROWS = 4096


def list_modalities(folder: Path) -> list[str]:
    """Names the modalities of which a folder holds a feature file."""
    files = Path(folder).glob(f"*{_SUFFIX}")
    return sorted(file.name.removesuffix(_SUFFIX) for file in files)


def load_features(
    folder: Path, modality: str, mapped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Reads `<modality>_feat.npy` and, if there is one, `<modality>_mask.npy`.

    Args:
        folder: The dataset's folder.
        modality: String, such as `"image"`.
        mapped: Boolean. Whether a float32 file stays on disk, mapped into
            memory. Defaults to `False`.

    Returns:
        The features, float32 of shape `(num_items, width)`, row r for itemID
        r, as they are in the file, without scaling. And a bool array of shape
        `(num_items,)` that is `False` where the mask file says that the item
        has no such content, and for rows that are zero everywhere: these are
        kept, with a warning.

    Raises:
        FileNotFoundError: if there is no such feature file.
        ValueError: if the modality's name is none of a file; if the file is
            truncated or not a `.npy` file, is not a matrix of float16,
            float32 or float64, is empty, or holds a value that is not finite
            in float32; or if the mask is not one bool for each row.
    """
    if not modality.strip() or modality != Path(modality).name:
        raise ValueError(
            "A modality's name must be that of a file `<modality>_feat.npy`, "
            f"without a path. Received: {modality!r}"
        )
    path = Path(folder) / f"{modality}{_SUFFIX}"
    if not path.is_file():
        found = [f"{name}{_SUFFIX}" for name in list_modalities(folder)]
        raise FileNotFoundError(
            f"No features for the modality {modality!r}. Expected: {path}. "
            f"Feature files in that folder: {', '.join(found) or 'none'}"
        )
    features = _read_matrix(path, mapped)
    present = features.any(axis=1)
    zero_rows = np.flatnonzero(~present)
    if len(zero_rows):
        warnings.warn(
            f"{path}: {len(zero_rows)} rows are zero everywhere, the first is "
            f"row {zero_rows[0]}. They are kept, and the items count as "
            f"without {modality}.",
            stacklevel=2,
        )
    mask_path = path.with_name(f"{modality}_mask.npy")
    if mask_path.is_file():
        present &= _read_mask(mask_path, len(features))
    return features, present


def _read_matrix(path, mapped):
    """Reads a finite, non-empty matrix of floats as float32."""
    features = _load_array(path, mapped)
    if features.dtype.type not in (np.float16, np.float32, np.float64):
        raise ValueError(
            f"{path}: expected float16, float32 or float64. "
            f"Received: {features.dtype}"
        )
    if features.ndim != 2 or not features.size:
        raise ValueError(
            f"{path}: expected a matrix, one row for each item. "
            f"Received: shape {features.shape}"
        )
    with np.errstate(over="ignore"):
        features = np.ascontiguousarray(features, np.float32)
    finite = np.concatenate(
        [
            np.isfinite(features[start : start + _BLOCK_ROWS]).all(axis=1)
            for start in range(0, len(features), _BLOCK_ROWS)
        ]
    )
    if not finite.all():
        row = np.flatnonzero(~finite)[0]
        column = np.flatnonzero(~np.isfinite(features[row]))[0]
        raise ValueError(
            f"{path}: expected values that are finite in float32. Received: "
            f"{(~finite).sum()} rows with others, the first is row {row}, "
            f"with {features[row, column]} in column {column}"
        )
    return features


def _read_mask(path, num_items):
    mask = _load_array(path)
    if mask.dtype != bool or mask.shape != (num_items,):
        raise ValueError(
            f"{path}: expected bool of shape ({num_items},), one for each row "
            f"of the features. Received: {mask.dtype} of shape {mask.shape}"
        )
    return mask


def _load_array(path, mapped=False):
    try:
        if mapped:
            return np.lib.format.open_memmap(path, mode="r")
        with open(path, "rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"{path}: expected a complete .npy file of numbers, without "
            f"pickled objects. Received: {path.stat().st_size} bytes that "
            f"NumPy refuses ({error})"
        ) from error
    return array

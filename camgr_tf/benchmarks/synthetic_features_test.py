import numpy as np

from camgr_tf.benchmarks import synthetic_features
from camgr_tf.benchmarks.synthetic_features import clustered_features


def test_rows_have_near_neighbors_in_few_dimensions():
    features = clustered_features(600, 64, num_clusters=6)
    assert features.dtype == np.float32
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -1)
    nearest = cosines.max(axis=1)
    # Random rows of this width have .5 at best, and on average 0.
    assert np.quantile(nearest, 0.1) > 0.75
    assert abs(np.median(cosines)) < 0.25
    # Six centers and six bases of 8 directions are 54 of 64 dimensions.
    spectrum = np.linalg.svd(features, compute_uv=False) ** 2
    assert spectrum[:54].sum() / spectrum.sum() > 0.99


def test_blocks_do_not_change_shape(monkeypatch):
    monkeypatch.setattr(synthetic_features, "BLOCK_ROWS", 7)
    features = clustered_features(20, 5)
    assert features.shape == (20, 5)
    assert np.isfinite(features).all()

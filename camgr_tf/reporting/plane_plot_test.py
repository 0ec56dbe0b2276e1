import matplotlib.figure
import numpy as np
import pytest

from camgr_tf.reporting.plane_plot import plot_plane
from camgr_tf.reporting.plane_plot import project_to_plane
from camgr_tf.reporting.plane_plot import unevenness


def test_two_far_groups_stay_apart():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(40, 5))
    states[20:] += 50
    points = project_to_plane(states)
    assert points.shape == (40, 2)
    assert points.min() == 0 and points.max() == 1
    centers = points[:20].mean(axis=0), points[20:].mean(axis=0)
    spread = points[:20].std(axis=0).max()
    assert np.linalg.norm(centers[0] - centers[1]) > 3 * spread


def test_unevenness_by_hand():
    # Four bins. All four points in one: counts 4, 0, 0, 0, mean 1, variance
    # (9 + 1 + 1 + 1) / 4 = 3. One in each: variance 0.
    clumped = np.full((4, 2), 0.1)
    even = np.array([[0.1, 0.1], [0.1, 0.9], [0.9, 0.1], [0.9, 0.9]])
    assert unevenness(clumped, num_bins=2) == pytest.approx(3.0)
    assert unevenness(even, num_bins=2) == 0.0


def test_the_histogram_counts_every_point():
    axes = matplotlib.figure.Figure().subplots()
    points = np.random.default_rng(0).uniform(size=(30, 2))
    image = plot_plane(points, axes, "before")
    assert image.get_array().sum() == 30
    assert axes.get_title() == "before"


@pytest.mark.parametrize(
    "states",
    [
        np.arange(12.0)[:, None],  # of one channel
        np.outer(np.arange(12.0), np.ones(4)),
        np.random.default_rng(0).normal(size=(3, 4)),
    ],
)
def test_few_rows_or_channels_are_points_too(states):
    points = project_to_plane(states)
    assert points.shape == (len(states), 2)
    np.testing.assert_allclose(points.min(axis=0), 0)
    np.testing.assert_allclose(points.max(axis=0), 1)


@pytest.mark.parametrize("num_rows", [1, 12])
def test_equal_rows_are_one_point(num_rows):
    points = project_to_plane(np.ones((num_rows, 4)))
    assert (points == 0.5).all() and points.shape == (num_rows, 2)

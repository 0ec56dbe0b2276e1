import numpy as np
import pytest

from camgr_tf.benchmarks.scale_training import MadeUpNeighbors
from camgr_tf.benchmarks.scale_training import measure_scale_training
from camgr_tf.testing import tiny_dataset


@pytest.mark.parametrize("model", ["camgr", "lightgcn"])
@pytest.mark.parametrize("sampling", [None, "neighbors"])
def test_a_row(model, sampling):
    row = measure_scale_training(
        tiny_dataset(), model, sampling, "2,1", 4, 4, 1
    )
    # 17 rows are 4.25 steps.
    assert row["epoch_seconds"] == pytest.approx(4.25 * row["step_seconds"])
    assert row["step_seconds"] >= row["draw_seconds"] > 0
    if sampling is None:
        assert row["step_nodes"] is row["fanouts"] is None
    else:
        assert 4 <= row["step_nodes"] <= 7 + 9
        assert row["fanouts"] == "2 1"


def test_made_up_neighbors_are_distinct_and_of_the_cluster():
    model = object.__new__(MadeUpNeighbors)
    vars(model).update(seed=0, _num_seeds=0, num_neighbors=10)
    matrix = model.make_item_graph(np.zeros((450, 2))).matrix
    assert matrix.shape == (450, 450)
    assert np.diff(matrix.indptr).tolist() == [10] * 450
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=1e-6)
    targets, sources = matrix.nonzero()
    np.testing.assert_array_equal(targets // 200, sources // 200)
    # All 200 of a cluster are drawn from, about equally.
    assert np.bincount(sources, minlength=450).min() > 0

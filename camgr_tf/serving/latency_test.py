import importlib.util

import numpy as np
import pytest

from camgr_tf.serving.latency import measure_latency


def test_a_row_for_each_path_and_batch(small_camgr):
    table = measure_latency(small_camgr, k=5, repeats=2, use_index=False)
    assert table[["path", "users"]].to_numpy().tolist() == [
        ["recommend", 1],
        ["recommend", 1000],
        ["recommend_for_items", 1],
        ["SavedModel", 1],
        ["SavedModel", 1000],
    ]
    assert (table["p99_ms"] >= table["p50_ms"]).all()
    assert (table["p50_ms"] > 0).all()
    assert (table["recall"] == 1).all()


def test_the_index_is_measured_where_it_can_be(small_camgr):
    table = measure_latency(small_camgr, k=5, repeats=1)
    measured = "index" in set(table["path"])
    assert measured == (importlib.util.find_spec("faiss") is not None)
    if measured:
        recalls = table.loc[table["path"] == "index", "recall"]
        np.testing.assert_allclose(recalls, 1.0)


def test_bad_arguments_are_refused_before_the_work(small_camgr):
    with pytest.raises(ValueError, match="Received: k=25"):
        measure_latency(small_camgr, k=25)
    with pytest.raises(ValueError, match="Received: repeats=0"):
        measure_latency(small_camgr, k=5, repeats=0)

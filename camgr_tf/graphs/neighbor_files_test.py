import numpy as np
import pytest

from camgr_tf.graphs import neighbor_files
from camgr_tf.graphs import semantic
from camgr_tf.graphs import semantic_matrix
from camgr_tf.graphs.neighbor_files import write_neighbors
from camgr_tf.ranking.execution import Execution

FEATURES = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")


def refuse(*arguments, **options):
    raise AssertionError("computed again")


@pytest.mark.parametrize("num_shards", [1, 2, 7])
def test_a_graph_finds_what_was_written(tmp_path, monkeypatch, num_shards):
    wanted = semantic_matrix(FEATURES, 4).toarray()
    written = write_neighbors(
        FEATURES, 4, tmp_path, Execution(num_shards=num_shards)
    )
    (path,) = tmp_path.iterdir()
    assert written == (path, False)
    monkeypatch.setattr(semantic, "nearest_neighbors", refuse)
    got = semantic_matrix(FEATURES, 4, cache_dir=tmp_path).toarray()
    np.testing.assert_array_equal(got, wanted)


def test_what_is_there_is_not_computed(tmp_path, monkeypatch):
    semantic_matrix(FEATURES, 4, cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    monkeypatch.setattr(neighbor_files, "sharded_neighbors", refuse)
    assert write_neighbors(FEATURES, 4, tmp_path, Execution()) == (path, True)

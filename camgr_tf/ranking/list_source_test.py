import numpy as np
import pytest
import scipy.sparse

from camgr_tf.ranking.block import SeenItems
from camgr_tf.ranking.block import Vectors
from camgr_tf.ranking.list_source import ListSource
from camgr_tf.ranking.list_source import open_source
from camgr_tf.ranking.list_source import save_source

USERS = np.arange(6, dtype="float32").reshape(3, 2)
ITEMS = np.array([[0, 1], [0, 0], [2, 3], [0, 0]], "float32")


def is_mapped(array):
    while not isinstance(array, np.memmap | None):
        array = array.base
    return array is not None


@pytest.mark.parametrize("sparse", [False, True])
def test_what_is_opened_is_what_was_saved(tmp_path, sparse):
    made = scipy.sparse.csr_matrix if sparse else np.asarray
    source = ListSource(
        Vectors(made(USERS), made(ITEMS), np.array([3, 0, 1, 2])),
        SeenItems(np.array([2, 0, 1]), np.array([0, 1, 1, 3])),
        np.array(["a", "ü\t", ""], object),
        np.array(["1", "01", "x", "y"], object),
    )
    save_source(tmp_path / "source", source)
    opened = open_source(tmp_path / "source")
    for name, expected in (("users", USERS), ("items", ITEMS)):
        rows = getattr(opened.vectors, name)
        assert is_mapped(rows.data if sparse else rows)
        np.testing.assert_array_equal(
            rows.toarray() if sparse else rows, expected
        )
    assert opened.vectors.popularity.tolist() == [3, 0, 1, 2]
    assert opened.seen.items.tolist() == [2, 0, 1]
    assert opened.seen.starts.tolist() == [0, 1, 1, 3]
    assert opened.user_ids.to_pylist() == ["a", "ü\t", ""]
    assert opened.item_ids.to_pylist() == ["1", "01", "x", "y"]

import numpy as np
import pytest

from camgr_tf.ingest.core_filter import filter_k_core


class TestFilterKCore:
    def test_removal_cascades(self):
        # Item 9 has one user. Without it user 2 has one item, and without
        # user 2 the item 1 still has users 0 and 1.
        users = np.array([0, 0, 1, 1, 2, 2])
        items = np.array([0, 1, 0, 1, 1, 9])
        kept = filter_k_core(users, items, 2)
        assert kept.tolist() == [True, True, True, True, False, False]

    def test_nothing_is_left(self):
        # A path: user 0 - item 0 - user 1 - item 1.
        kept = filter_k_core(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
        assert not kept.any()

    @pytest.mark.parametrize("k", [0, 1])
    def test_everything_is_kept(self, k):
        kept = filter_k_core(np.array([0, 5]), np.array([3, 1]), k)
        assert kept.all()

    def test_no_rows(self):
        empty = np.array([], int)
        assert filter_k_core(empty, empty, 5).shape == (0,)

    @pytest.mark.parametrize("k", [-1, 2.0, True, None])
    def test_wrong_k(self, k):
        with pytest.raises(ValueError, match="must be a non-negative integer"):
            filter_k_core(np.array([0]), np.array([0]), k)

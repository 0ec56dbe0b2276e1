import numpy as np
import pytest
import scipy.sparse

from camgr_tf.ops.embedding_rows import all_finite
from camgr_tf.ops.embedding_rows import dense_product
from camgr_tf.ops.embedding_rows import float_rows
from camgr_tf.ops.embedding_rows import joined
from camgr_tf.ops.embedding_rows import transposed

USERS = [[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]
ITEMS = [[0.0, 1.0, 1.0], [3.0, 0.0, 0.0], [1.0, 1.0, -1.0]]

both_kinds = pytest.mark.parametrize(
    "kind", [np.array, scipy.sparse.csr_matrix, scipy.sparse.coo_array]
)


@both_kinds
def test_products_by_hand(kind):
    users, items = float_rows(kind(USERS)), float_rows(kind(ITEMS))
    scores = dense_product(users[np.array([1, 0])], transposed(items))
    assert isinstance(scores, np.ndarray) and scores.dtype == "float32"
    assert scores.tolist() == [[0, 0, 0], [2, 3, -1]]
    scores[0, 1] = 7.0


@both_kinds
def test_an_entry_that_is_not_finite_is_seen(kind):
    assert all_finite(float_rows(kind(USERS)))
    assert not all_finite(float_rows(kind([[0.0, np.nan, 0.0]])))
    assert not all_finite(float_rows(kind([[0.0, np.inf, 0.0]])))


@both_kinds
def test_more_rows_take_the_form_of_the_first(kind):
    users = float_rows(kind(USERS))
    longer = joined(users, np.array(ITEMS, "float32")[:1])
    assert type(longer) is type(users) and longer.dtype == "float32"
    np.testing.assert_array_equal(
        dense_product(longer, np.eye(3, dtype="float32")), [*USERS, ITEMS[0]]
    )

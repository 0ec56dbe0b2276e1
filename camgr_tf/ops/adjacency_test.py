import keras
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from camgr_tf.ops.adjacency import Adjacency

# Target 1 receives nothing; source 3 sends nothing.
MATRIX = np.array(
    [[0.0, 2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0], [5.0, 7.0, 0.0, 0.0]]
)


def test_edges_in_row_major_order():
    adjacency = Adjacency(scipy.sparse.coo_array(MATRIX))
    assert adjacency.shape == (3, 4)
    assert adjacency.num_edges == 4
    assert adjacency.targets.numpy().tolist() == [0, 0, 2, 2]
    assert adjacency.sources.numpy().tolist() == [1, 2, 0, 1]
    assert adjacency.tensor.values.numpy().tolist() == [2, 3, 5, 7]
    np.testing.assert_array_equal(tf.sparse.to_dense(adjacency.tensor), MATRIX)


def test_transpose_and_permutation():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    # `to_dense` refuses indices that are out of order.
    transposed = tf.sparse.to_dense(adjacency.transposed)
    np.testing.assert_array_equal(transposed, MATRIX.T)
    np.testing.assert_array_equal(
        adjacency.transposed.values,
        tf.gather(adjacency.tensor.values, adjacency.permutation),
    )


def test_degrees():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    assert adjacency.target_degrees.numpy().tolist() == [2, 0, 2]
    assert adjacency.source_degrees.numpy().tolist() == [1, 2, 1, 0]


def test_order_of_the_entries_given_does_not_matter():
    rows, columns = np.nonzero(MATRIX)
    order = [2, 0, 3, 1]
    shuffled = scipy.sparse.coo_matrix(
        (MATRIX[rows, columns][order], (rows[order], columns[order])),
        shape=MATRIX.shape,
    )
    adjacency = Adjacency(shuffled)
    assert adjacency.targets.numpy().tolist() == [0, 0, 2, 2]
    np.testing.assert_array_equal(tf.sparse.to_dense(adjacency.tensor), MATRIX)


def test_entries_at_one_place_are_summed_and_the_argument_is_untouched():
    matrix = scipy.sparse.coo_matrix(
        ([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2)
    )
    adjacency = Adjacency(matrix)
    assert adjacency.num_edges == 2
    assert adjacency.tensor.values.numpy().tolist() == [3, 4]
    assert matrix.nnz == 3


def test_built_inside_a_function_it_outlives_the_trace():
    built = []

    @tf.function
    def build():
        built.append(Adjacency(scipy.sparse.csr_matrix(MATRIX)))
        return built[0].targets

    build()
    assert built[0].sources.numpy().tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize("compiled", [False, True])
def test_without_some_entries(compiled):
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))

    def matrices(targets, sources):
        rest = adjacency.without(targets, sources)
        return (
            tf.sparse.to_dense(rest.tensor),
            tf.sparse.to_dense(rest.transposed),
        )

    if compiled:
        matrices = tf.function(matrices)
    # The 3 and the 5; twice the 3; no edge at (1, 1) and (2, 3).
    targets = tf.constant([0, 2, 0, 1, 2])
    sources = tf.constant([2, 0, 2, 1, 3])
    expected = np.where((MATRIX == 3) | (MATRIX == 5), 0, MATRIX)
    tensor, transposed = matrices(targets, sources)
    np.testing.assert_array_equal(tensor, expected)
    np.testing.assert_array_equal(transposed, expected.T)
    # The matrix itself, its edges and its degrees stay.
    np.testing.assert_array_equal(tf.sparse.to_dense(adjacency.tensor), MATRIX)
    rest = adjacency.without(targets, sources)
    assert rest.num_edges == 4
    assert rest.target_degrees.numpy().tolist() == [2, 0, 2]


def test_without_nothing():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    rest = adjacency.without(tf.constant([1, 1]), tf.constant([0, 3]))
    np.testing.assert_array_equal(tf.sparse.to_dense(rest.tensor), MATRIX)


def test_without_some_entries_the_others_keep_the_sum():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    # Row 0 keeps 2 of 5, row 2 nothing.
    rest = adjacency.without(
        tf.constant([0, 2, 2]), tf.constant([2, 0, 1]), keep_sums=True
    )
    expected = np.zeros((3, 4))
    expected[0, 1] = 5
    np.testing.assert_array_equal(tf.sparse.to_dense(rest.tensor), expected)
    np.testing.assert_array_equal(
        tf.sparse.to_dense(rest.transposed), expected.T
    )


def test_refuses_a_dense_matrix():
    message = "`matrix` must be a SciPy sparse matrix. Received: ndarray"
    with pytest.raises(ValueError, match=message):
        Adjacency(MATRIX)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_entries_that_are_not_finite(value):
    matrix = scipy.sparse.csr_matrix(np.where(MATRIX == 7, value, MATRIX))
    with pytest.raises(ValueError, match="entries that are not finite"):
        Adjacency(matrix)


def test_dropout_keeps_the_expectation_and_the_transpose():
    adjacency = Adjacency(scipy.sparse.csr_matrix(np.ones((80, 50))))
    seed = keras.random.SeedGenerator(3)
    dropped = adjacency.dropout(0.25, seed)
    dense = np.asarray(tf.sparse.to_dense(dropped.tensor))
    np.testing.assert_array_equal(
        tf.sparse.to_dense(dropped.transposed), dense.T
    )
    np.testing.assert_allclose(np.unique(dense), [0, 1 / 0.75])
    # 4,000 draws: a standard deviation of 0.007 in the share of zeros.
    assert np.mean(dense == 0) == pytest.approx(0.25, abs=0.03)
    again = np.asarray(tf.sparse.to_dense(adjacency.dropout(0.25, seed).tensor))
    assert (again != dense).any()
    assert np.all(adjacency.tensor.values == 1)


def test_leaving_out_asks_for_no_number_that_a_device_must_tell():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    pairs = tf.TensorSpec((None,), "int32")
    rest = tf.function(lambda t, s: adjacency.without(t, s).tensor.values)
    operations = rest.get_concrete_function(pairs, pairs).graph.get_operations()
    # `Where` has a result whose size is known only when it has run.
    assert not {"Where", "Unique"} & {o.type for o in operations}


def test_tensors_are_made_when_they_are_asked_for():
    adjacency = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    assert "tensor" not in vars(adjacency)
    np.testing.assert_array_equal(adjacency.matrix.toarray(), MATRIX)

    @tf.function
    def total():
        return tf.reduce_sum(adjacency.tensor.values)

    # Made within a trace, they are good outside of it.
    assert float(total()) == 17
    assert float(tf.reduce_sum(adjacency.tensor.values)) == 17
    with pytest.raises(AttributeError, match="tensors"):
        adjacency.tensors


def test_edges_that_are_tensors_of_unknown_number():
    wanted = Adjacency(scipy.sparse.csr_matrix(MATRIX))
    unknown = tf.TensorSpec((None,), "int32")

    @tf.function(input_signature=[unknown] * 3 + [tf.TensorSpec((None,))])
    def matrix(targets, sources, permutation, values):
        adjacency = Adjacency.from_edges(
            targets, sources, values, permutation, (tf.constant(3), 4)
        ).without(tf.constant([2, 1]), tf.constant([1, 1]))
        return (
            tf.sparse.to_dense(adjacency.tensor),
            tf.sparse.to_dense(adjacency.transposed),
        )

    got, transposed = matrix(
        wanted.targets,
        wanted.sources,
        wanted.permutation,
        wanted.tensor.values,
    )
    left = MATRIX * [[1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 1, 1]]
    np.testing.assert_array_equal(got, left)
    np.testing.assert_array_equal(transposed, left.T)

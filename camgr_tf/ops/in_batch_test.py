import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from camgr_tf.ops import in_batch_cross_entropy


def expected(queries, keys):
    """Value and both gradients in float64, from the softmax."""
    queries, keys = queries.astype("float64"), keys.astype("float64")
    logits = queries @ keys.T
    value = np.mean(scipy.special.logsumexp(logits, axis=1) - logits.diagonal())
    excess = scipy.special.softmax(logits, axis=1) - np.eye(len(logits))
    return value, excess @ keys / len(keys), excess.T @ queries / len(keys)


def received(queries, keys, bound=None):
    @tf.function(input_signature=[tf.TensorSpec([None, keys.shape[1]])] * 2)
    def value_and_gradients(queries, keys):
        with tf.GradientTape() as tape:
            tape.watch([queries, keys])
            value = in_batch_cross_entropy(queries, keys, bound)
            loss = 4.0 * value
        return value, *tape.gradient(loss, [queries, keys])

    value, *gradients = value_and_gradients(queries, keys)
    return value, *(gradient / 4.0 for gradient in gradients)


def random_rows(num_rows, dim=8, scale=1.0):
    rng = np.random.default_rng(num_rows)
    rows = rng.normal(size=(2, num_rows, dim)) * scale
    return rows.astype("float32")


def test_by_hand():
    # Row 0: log(3 + 1) - log 3. Row 1: log(1 + 1) - 0.
    queries = np.array([[np.log(3.0)], [0.0]], "float32")
    keys = np.array([[1.0], [0.0]], "float32")
    value = (np.log(4 / 3) + np.log(2)) / 2
    np.testing.assert_allclose(
        in_batch_cross_entropy(queries, keys), value, rtol=1e-6
    )


def test_large_logits_are_finite():
    # Keys at right angles: the queries are the logits.
    logits = np.array([[1000.0, 0.0], [1000.0, 0.0]], "float32")
    keys = np.eye(2, dtype="float32")
    assert float(in_batch_cross_entropy(logits, keys)) == 500.0


# Up to 33 rows one half is empty or a row; 257 have two uneven halves.
@pytest.mark.parametrize("num_rows", [1, 2, 31, 33, 34, 257])
@pytest.mark.parametrize("is_bounded", [True, False])
def test_equals_the_softmax(num_rows, is_bounded):
    queries, keys = random_rows(num_rows)
    bound = np.abs(queries @ keys.T).max() if is_bounded else None
    results = received(queries, keys, bound)
    for result, wanted in zip(results, expected(queries, keys)):
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bound", [None, 1e6])
def test_large_products_do_not_overflow(bound):
    queries, keys = random_rows(40, scale=100.0)
    assert np.abs(queries @ keys.T).max() > 1000
    results = received(queries, keys, bound)
    for result, wanted in zip(results, expected(queries, keys)):
        np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bounded_products_may_be_as_large_as_60(sign):
    queries = np.array([[sign * 60.0], [0.0], [30.0]], "float32")
    keys = np.array([[1.0], [1.0], [1.0]], "float32")
    results = received(queries, keys, bound=60.0)
    # Equal keys: the logarithm of their number, whatever the query.
    np.testing.assert_allclose(results[0], np.log(3.0), atol=1e-5)
    for result, wanted in zip(results, expected(queries, keys)):
        np.testing.assert_allclose(result, wanted, atol=1e-5)


def test_half_precision_stays_outside():
    queries, keys = random_rows(5).astype("float16")
    value = in_batch_cross_entropy(queries, keys)
    assert value.dtype == tf.float16
    np.testing.assert_allclose(value, expected(queries, keys)[0], rtol=1e-3)

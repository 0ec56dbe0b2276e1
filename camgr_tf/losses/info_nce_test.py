import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from camgr_tf.losses.info_nce import info_nce


def _oracle(queries, keys, temperature, normalize, own=None):
    """Row by row, from the formula; `own[b]` is the place of b's own key."""
    own = range(len(queries)) if own is None else own
    queries, keys = queries.astype("float64"), keys.astype("float64")
    if normalize:
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
    total = 0.0
    for b in range(len(queries)):
        logits = [queries[b] @ keys[r] / temperature for r in range(len(keys))]
        total -= logits[own[b]] - scipy.special.logsumexp(logits)
    return total / len(queries)


def test_a_single_row_gives_zero():
    row = np.array([[3.0, -4.0]], "float32")
    assert float(info_nce(row, 2 * row)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_equals_the_formula(temperature, normalize):
    rng = np.random.default_rng(0)
    queries, keys = rng.normal(size=(2, 12, 5)).astype("float32")
    loss = info_nce(queries, keys, temperature, normalize)
    expected = _oracle(queries, keys, temperature, normalize)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("normalize", [True, False])
def test_candidates_stand_in_the_denominator(normalize):
    rng = np.random.default_rng(4)
    queries = rng.normal(size=(6, 5)).astype("float32")
    candidates = rng.normal(size=(9, 5)).astype("float32")
    own = [8, 2, 2, 5, 0, 1]
    loss = info_nce(queries, candidates[own], 0.5, normalize, candidates)
    expected = _oracle(queries, candidates, 0.5, normalize, own)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_equal_keys_give_the_log_of_the_batch():
    queries = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    loss = info_nce(queries, np.ones((8, 3), "float32"))
    assert float(loss) == pytest.approx(np.log(8), rel=1e-5)


def test_normalized_loss_ignores_lengths():
    rng = np.random.default_rng(1)
    queries, keys = rng.normal(size=(2, 6, 4)).astype("float32")
    scales = rng.uniform(0.1, 10, size=(6, 1)).astype("float32")
    loss = float(info_nce(queries, keys))
    assert float(info_nce(queries * scales, keys)) == pytest.approx(loss, 1e-5)
    plain = float(info_nce(queries, keys, normalize=False))
    scaled = float(info_nce(queries * scales, keys, normalize=False))
    assert abs(scaled - plain) > 0.1


def test_gradient_by_finite_differences():
    rng = np.random.default_rng(2)
    queries, keys = rng.normal(size=(2, 4, 3))
    tensor = tf.constant(queries, "float32")
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        loss = info_nce(tensor, tf.constant(keys, "float32"), 0.5)
    gradient = tape.gradient(loss, tensor).numpy()
    for place in np.ndindex(4, 3):
        step = np.zeros((4, 3))
        step[place] = 1e-5
        difference = (
            _oracle(queries + step, keys, 0.5, True)
            - _oracle(queries - step, keys, 0.5, True)
        ) / 2e-5
        assert gradient[place] == pytest.approx(difference, abs=1e-5)


def test_a_zero_row_is_survived():
    queries = tf.constant([[0.0, 0.0], [1.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(queries)
        loss = info_nce(queries, np.array([[1, 0], [0, 1]], "float32"))
    # Row 0 has logits (0, 0), row 1 has (5, 0).
    expected = (np.log(2) + np.log(np.exp(5) + 1)) / 2
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(tape.gradient(loss, queries)).all()

import numpy as np
import pytest

from camgr_tf.graphs.blended import blended_matrix

IMAGE = np.array([[1, 0], [0, 1], [2, 1]], "float32")
TEXT = np.array([[1, 0], [1, 0.2], [0, 1]], "float32")


def test_two_modalities_by_hand():
    # Image neighbors: {0, 2}, {1, 2}, {2, 0}; text: {0, 1}, {1, 0}, {2, 1}.
    matrix = blended_matrix({"image": IMAGE, "text": TEXT}, 2, 0.1)
    np.testing.assert_allclose(
        matrix.toarray(),
        [[0.5, 0.45, 0.05], [0.45, 0.5, 0.05], [0.05, 0.45, 0.5]],
        atol=1e-12,
    )


def test_one_modality_has_all_the_weight():
    matrix = blended_matrix({"image": IMAGE}, 2, 0.1)
    np.testing.assert_array_equal(
        matrix.toarray(), [[0.5, 0, 0.5], [0, 0.5, 0.5], [0.5, 0, 0.5]]
    )


def test_three_modalities_share_what_the_first_leaves():
    rng = np.random.default_rng(0)
    features = {m: rng.normal(size=(9, 4)) for m in ("image", "audio", "text")}
    blended = blended_matrix(features, 3, 0.2).toarray()
    alone = [blended_matrix({m: f}, 3).toarray() for m, f in features.items()]
    expected = 0.2 * alone[0] + 0.4 * alone[1] + 0.4 * alone[2]
    np.testing.assert_allclose(blended, expected, atol=1e-12)
    np.testing.assert_allclose(blended.sum(axis=1), np.ones(9))


def test_a_cosine_below_zero_counts_like_any_other():
    opposite = np.array([[1.0, 0.0], [-1.0, 0.0]], "float32")
    matrix = blended_matrix({"text": opposite}, 2)
    np.testing.assert_array_equal(matrix.toarray(), np.full((2, 2), 0.5))


@pytest.mark.parametrize("weight", [-0.1, 1.5, np.nan])
def test_a_weight_out_of_range_is_refused(weight):
    with pytest.raises(ValueError, match=r"in \[0, 1\]. Received"):
        blended_matrix({"image": IMAGE}, 2, weight)


def test_no_modality_is_refused():
    with pytest.raises(ValueError, match="at least one modality"):
        blended_matrix({}, 2)

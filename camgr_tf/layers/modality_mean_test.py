import numpy as np
import pytest

from camgr_tf.layers.modality_mean import ModalityMean
from camgr_tf.testing import run_layer_test

STATES = [
    np.array([[1.0, 2.0], [3.0, 0.0]], "float32"),
    np.array([[5.0, 2.0], [1.0, 4.0]], "float32"),
]


@pytest.mark.parametrize("learned", [False, True])
def test_starts_as_the_plain_mean(learned):
    result = ModalityMean(learned)(STATES)
    np.testing.assert_allclose(result, [[3, 2], [2, 2]], rtol=1e-6)


def test_learned_weights_by_hand():
    layer = ModalityMean(learned=True)
    layer(STATES)
    # Softmax gives 3/4 and 1/4.
    layer.logits.assign(np.log([3.0, 1.0]))
    np.testing.assert_allclose(layer(STATES), [[2, 2], [2.5, 1]], rtol=1e-6)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("num_modalities", [1, 2, 3])
def test_any_number_of_modalities(num_modalities, learned):
    states = [np.full((2, 3), float(m), "float32") for m in range(3)]
    result = ModalityMean(learned)(states[:num_modalities])
    np.testing.assert_allclose(
        result, np.full((2, 3), (num_modalities - 1) / 2)
    )


@pytest.mark.parametrize("learned", [False, True])
def test_layer(learned):
    run_layer_test(
        ModalityMean,
        {"learned": learned},
        {"states": STATES},
        (2, 2),
        int(learned),
    )

import numpy as np
import pytest

from camgr_tf.layers import MeanFusion
from camgr_tf.testing import run_layer_test

NODES = np.array([[9.0, 9.0], [7.0, 7.0]], "float32")
MODAL = [
    np.array([[1.0, 2.0], [3.0, 0.0]], "float32"),
    np.array([[5.0, 2.0], [1.0, 4.0]], "float32"),
]


def test_shares_by_hand_and_its_parts():
    layer = MeanFusion(learned=True)
    np.testing.assert_allclose(layer(NODES, MODAL), [[3, 2], [2, 2]])
    # Softmax gives 3/4 and 1/4.
    layer.logits.assign(np.log([3.0, 1.0]))
    expected = [[[0.75, 1.5], [2.25, 0]], [[1.25, 0.5], [0.25, 1]]]
    np.testing.assert_allclose(layer.parts(MODAL), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(NODES, MODAL), [[2, 2], [2.5, 1]], 1e-6)


@pytest.mark.parametrize("learned", [False, True])
def test_layer(learned):
    run_layer_test(
        MeanFusion,
        {"learned": learned},
        {"node_states": NODES, "modal_states": MODAL},
        (2, 2),
        int(learned),
    )

import numpy as np

from camgr_tf.models import CAmgr
from camgr_tf.research.purifications import WithoutPurification
from camgr_tf.testing import tiny_dataset


def test_aligned_features_alone_are_left():
    dataset = tiny_dataset()
    model = WithoutPurification(dataset, num_neighbors=4, embedding_dim=8)
    assert model.training_defaults == CAmgr.training_defaults
    for modality, states in model.purify(model.graphs).items():
        kernel, bias = (
            np.float64(w) for w in model.purifiers[modality].get_weights()
        )
        expected = np.float64(dataset.features[modality]) @ kernel + bias
        np.testing.assert_allclose(states, expected, 1e-4, 1e-5)

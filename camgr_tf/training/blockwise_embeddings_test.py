import numpy as np
import pytest

from camgr_tf.baselines import MGCN
from camgr_tf.baselines import LightGCN
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.blockwise_embeddings import blockwise_embeddings

MODELS = {
    "lightgcn": (LightGCN, {}),
    "lightgcn 0": (LightGCN, {"num_layers": 0}),
    "mgcn": (MGCN, {"num_neighbors": 4}),
    "camgr": (CAmgr, {"num_neighbors": 4}),
    "camgr_attention": (CAmgrAttention, {"num_neighbors": 4}),
    "camgr 0": (CAmgr, {"num_neighbors": 4, "num_modal_layers": 0}),
}


@pytest.mark.parametrize("block_size", [1, 3, 16, 1000])
@pytest.mark.parametrize("name", MODELS)
def test_blocks_give_the_embeddings_of_the_whole_graph(name, block_size):
    model_class, arguments = MODELS[name]
    model = model_class(tiny_dataset(), embedding_dim=8, **arguments)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        # Away from the start, at which gates and shares are even.
        variable.assign_add(rng.normal(0, 0.3, variable.shape))
    for got, wanted in zip(
        blockwise_embeddings(model, block_size), model.embed()
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
        assert np.abs(wanted).max() > 0.1

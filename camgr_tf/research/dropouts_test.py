import keras
import numpy as np
import tensorflow as tf

from camgr_tf.models import CAmgr
from camgr_tf.research.dropouts import ModalEdgeDropout
from camgr_tf.testing import numpy_reference as reference
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

SIZES = {"embedding_dim": 8, "num_neighbors": 4, "edge_dropout": 0.0}


def test_with_all_messages_lost_items_keep_their_item_graph_alone(monkeypatch):
    dataset = tiny_dataset()
    model = ModalEdgeDropout(dataset, modal_edge_dropout=0.5, **SIZES)
    rates = []

    def lost(values, rate, seed):
        rates.append(rate)
        return tf.zeros_like(values)

    monkeypatch.setattr(keras.random, "dropout", lost)
    _, fused = model.states(model.graphs, training=True)
    assert rates == [0.5, 0.5]
    purified = model.purify(model.graphs)
    # Shares are even at the start; of two layers one is empty.
    expected = sum(
        reference.semantic_graph(features, 4) @ np.float64(purified[m]) / 4
        for m, features in dataset.features.items()
    )
    np.testing.assert_array_equal(fused[: model.num_users], 0.0)
    np.testing.assert_allclose(fused[model.num_users :], expected, 1e-4, 1e-5)


def test_it_is_the_default_but_in_training():
    model, default = (
        made(tiny_dataset(), **SIZES) for made in (ModalEdgeDropout, CAmgr)
    )
    for found, expected in zip(model.embed(), default.embed()):
        np.testing.assert_array_equal(found, expected)
    batch = tiny_batch()
    losses = [float(model.loss_terms(**batch)["softmax"]) for _ in range(2)]
    assert losses[0] != losses[1]
    model.modal_edge_dropout = 0.0
    calm = float(default.loss_terms(**batch)["softmax"])
    assert float(model.loss_terms(**batch)["softmax"]) == calm

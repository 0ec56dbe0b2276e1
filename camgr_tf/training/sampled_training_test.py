import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines import MGCN
from camgr_tf.baselines import LightGCN
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.ray_sampled_batches import RaySampledBatches
from camgr_tf.training.sampled_training import SampledBatches
from camgr_tf.training.sampled_training import SampledStep
from camgr_tf.training.sampling import TrainingBatches

# No random choice inside the model: both ways must see the same.
MODELS = {
    "lightgcn": lambda: LightGCN(tiny_dataset(), embedding_dim=8),
    "lightgcn 0": lambda: LightGCN(
        tiny_dataset(), num_layers=0, embedding_dim=8
    ),
    "mgcn": lambda: MGCN(tiny_dataset(), num_neighbors=4, embedding_dim=8),
    "mgcn 3": lambda: MGCN(
        tiny_dataset(), num_layers=3, num_neighbors=2, embedding_dim=8
    ),
    "camgr": lambda: CAmgr(
        tiny_dataset(), num_neighbors=2, edge_dropout=0.0, embedding_dim=8
    ),
    "camgr_attention": lambda: CAmgrAttention(
        tiny_dataset(), num_neighbors=2, edge_dropout=0.0, embedding_dim=8
    ),
    "camgr 1": lambda: CAmgr(
        tiny_dataset(),
        num_layers=1,
        num_modal_layers=0,
        num_neighbors=2,
        edge_dropout=0.0,
        embedding_dim=8,
    ),
    "camgr 2": lambda: CAmgr(
        tiny_dataset(),
        num_layers=1,
        num_modal_layers=2,
        num_neighbors=3,
        edge_dropout=0.0,
        embedding_dim=8,
    ),
}


class OneBatch:
    """A given batch in the place of `TrainingBatches`."""

    seed = epoch = 0

    def __init__(self, **batch):
        self.batch = batch

    def __getitem__(self, index):
        return self.batch


BATCHES = {
    "four rows": tiny_batch(),
    # Nothing else is near: the subgraph is a part of the graph.
    "one row": {
        "user_ids": np.array([4], "int32"),
        "positive_item_ids": np.array([6], "int32"),
        "negative_item_ids": np.array([8], "int32"),
    },
}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", MODELS)
def test_all_neighbors_give_loss_and_gradients_of_the_whole_graph(name, batch):
    model, batch = MODELS[name](), BATCHES[batch]
    sampled = SampledBatches(OneBatch(**batch), model, (100,))[0]
    loss, terms, gradients = SampledStep(model).gradients(
        tf.nest.map_structure(tf.constant, sampled)
    )
    with tf.GradientTape() as tape:
        wanted_terms = model.loss_terms(**batch)
        wanted_loss = sum(wanted_terms.values())
    variables = model.trainable_variables
    wanted = tape.gradient(wanted_loss, [v.value for v in variables])
    assert terms.keys() == wanted_terms.keys()
    for term, value in wanted_terms.items():
        assert float(terms[term]) == pytest.approx(float(value), rel=1e-5)
    assert float(loss) == pytest.approx(float(wanted_loss), rel=1e-5)
    got = {id(v): whole(g, v) for v, g in gradients}
    assert got.keys() == {id(v) for v in variables}
    for variable, gradient in zip(variables, wanted):
        if gradient is None:
            gradient = np.zeros(variable.shape)
        gradient = tf.convert_to_tensor(gradient).numpy()
        # Equal but for rounding: a dense product of fewer rows sums in other
        # blocks. A relative tolerance would be one of what nearly cancels.
        np.testing.assert_allclose(
            got[id(variable)],
            gradient,
            rtol=0,
            atol=1e-6 * np.abs(gradient).max(),
            err_msg=variable.path,
        )


def whole(gradient, variable):
    """A gradient of rows with zeros for all other rows."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    result = np.zeros(variable.shape, "float32")
    result[gradient.indices] = gradient.values
    return result


@pytest.mark.parametrize("name", ["lightgcn", "mgcn", "camgr"])
def test_a_step_of_few_neighbors_moves_the_rows_it_reads(name):
    model = MODELS[name]()
    batches = TrainingBatches(tiny_dataset().interactions, batch_size=1)
    sampled = SampledBatches(batches, model, (1,))[0]
    users = sampled["subgraph"]["user_ids"]
    assert 1 <= len(users) < 7
    loss, _, gradients = SampledStep(model).gradients(
        tf.nest.map_structure(tf.constant, sampled)
    )
    assert np.isfinite(float(loss))
    table = {v.name: g for v, g in gradients}["user_embeddings"]
    assert table.indices.numpy().tolist() == users.tolist()


class DrawsHere:
    """`RayDraws` without Ray: notes what is asked for, draws when waited."""

    num_ahead = 2

    def __init__(self, sampler):
        self.sampler = sampler
        self.asked = []

    def ask(self, seeds, key):
        self.asked.append(key)
        return seeds, key

    def wait(self, asked):
        seeds, key = asked
        return self.sampler.draw(seeds, np.random.default_rng(key))


def test_batches_that_others_draw_ahead_are_the_same():
    def make():
        batches = TrainingBatches(
            tiny_dataset().interactions, batch_size=4, seed=5, epoch=2
        )
        return SampledBatches(batches, MODELS["camgr"](), (2, 1))

    here, others = make(), make()
    draws = DrawsHere(others.sampler)
    ahead = RaySampledBatches(others, draws)
    assert len(ahead) == len(here) == 5
    for epoch in (2, 3):
        for index in range(5):
            tf.nest.map_structure(
                np.testing.assert_array_equal, ahead[index], here[index]
            )
            # Two are asked for ahead, each once.
            known = min(index + 3, 5)
            assert draws.asked == [[5, epoch, n, 0] for n in range(known)]
        here.on_epoch_end()
        ahead.on_epoch_end()
        draws.asked.clear()


def test_what_was_drawn_for_another_epoch_is_dropped():
    batches = TrainingBatches(tiny_dataset().interactions, batch_size=4)
    sampled = SampledBatches(batches, MODELS["lightgcn"](), (2, 1))
    draws = DrawsHere(sampled.sampler)
    ahead = RaySampledBatches(sampled, draws)
    ahead[0]
    ahead.on_epoch_end()
    ahead[1]
    assert draws.asked[3:] == [[0, 1, n, 0] for n in (1, 2, 3)]

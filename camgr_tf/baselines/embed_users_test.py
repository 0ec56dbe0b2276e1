import numpy as np
import pytest
import scipy.sparse

from camgr_tf.arguments import constructor_defaults
from camgr_tf.models.fold_in import Baskets
from camgr_tf.models.recommender import Recommender
from camgr_tf.registry import MODELS
from camgr_tf.registry import find_model
from camgr_tf.research import readings
from camgr_tf.testing import tiny_dataset

SMALL = {
    "camgr": {"num_neighbors": 3},
    "camgr_attention": {"num_neighbors": 3},
    "camgr_paper": {"num_neighbors": 3},
    "freedom": {"num_neighbors": 3},
    "mgcn": {"num_neighbors": 3},
    "pgl": {"num_neighbors": 3},
    "pgl_global": {"num_neighbors": 3},
    "micro": {"num_neighbors": 3},
    "smore": {"num_neighbors": 3},
}
TRAINED = sorted(name for name in MODELS if MODELS[name].trains)
# Their users are a trained embedding and nothing else.
WITHOUT_RULE = [
    name
    for name in TRAINED
    if MODELS[name].embed_users is Recommender.embed_users
]
CASES = [(name, {}) for name in TRAINED if name not in WITHOUT_RULE] + [
    (readings.GraphAttentionEncoder, {"num_neighbors": 3}),
    (readings.DegreeAttention, {"num_neighbors": 3}),
    (readings.SymmetricUserMean, {"num_neighbors": 3}),
    (readings.NodeAttention, {"num_neighbors": 3}),
    (readings.BatchAttention, {"num_neighbors": 3}),
    (readings.MeanQuery, {"num_neighbors": 3}),
    (readings.ChannelAttention, {"num_neighbors": 3}),
    (readings.CosineChannelAttention, {"num_neighbors": 3}),
    (readings.LearnedMean, {"num_neighbors": 3}),
    ("camgr", {"num_modal_layers": 0}),
    ("camgr", {"num_modal_layers": 3}),
    ("grcn", {"route_prototypes": True}),
    ("lightgcn", {"num_layers": 3}),
]


def build(name, parameters=(), dataset=None):
    parameters = {**SMALL.get(name, {}), **dict(parameters)}
    return find_model(name)(
        dataset or tiny_dataset(), embedding_dim=4, **parameters
    )


def degrees(dataset):
    return np.bincount(dataset.interactions.train[:, 1], minlength=9)


def forget_user(model, user):
    """Sets to zero all that a model stores about a user alone."""
    rows = {model.num_users, model.num_users + model.num_items}
    for variable in model.weights:
        if len(variable.shape) == 2 and variable.shape[0] in rows:
            values = np.array(variable)
            values[user] = 0.0
            variable.assign(values)


@pytest.mark.parametrize("name, parameters", CASES)
def test_equals_the_models_own_vector_of_a_user_without_id(name, parameters):
    dataset = tiny_dataset()
    model = build(name, parameters, dataset)
    forget_user(model, 2)
    users = np.asarray(model.embed()[0])
    # User 2 trained on items 2, 3, 4 and 5; the order must not matter.
    baskets = Baskets([[5, 2, 4, 3]], degrees(dataset))
    vectors = np.asarray(model.embed_users(baskets))
    assert np.abs(users[2]).max() > 1e-4
    np.testing.assert_allclose(vectors[0], users[2], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", TRAINED)
def test_new_users_do_not_see_each_other(name):
    dataset = tiny_dataset()
    model = build(name, {}, dataset)
    rule = model.embed_users
    together = np.asarray(rule(Baskets([[0, 4], [1], [8]], degrees(dataset))))
    alone = np.asarray(rule(Baskets([[0, 4]], degrees(dataset))))
    assert together.shape[0] == 3
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WITHOUT_RULE)
def test_models_of_ids_alone_take_the_mean_of_item_vectors(name):
    dataset = tiny_dataset()
    model = build(name, {}, dataset)
    items = np.asarray(model.embed()[1])
    vectors = model.embed_users(Baskets([[0, 4]], degrees(dataset)))
    np.testing.assert_allclose(vectors[0], (items[0] + items[4]) / 2, rtol=1e-5)


def test_what_does_not_depend_on_the_baskets_is_computed_once():
    dataset = tiny_dataset()
    model = build("lightgcn", {}, dataset)
    memory = {}
    first = model.embed_users(Baskets([[0, 4]], degrees(dataset), memory))
    model.item_table.assign(np.zeros((9, 4)))
    model.user_table.assign(np.zeros((7, 4)))
    again = model.embed_users(Baskets([[0, 4]], degrees(dataset), memory))
    np.testing.assert_array_equal(again, first)
    # Baskets of their own look at the model as it is.
    assert not model.embed_users(Baskets([[0, 4]], degrees(dataset))).any()


def test_lightgcn_by_numpy():
    # One layer: a new user is half of the mean of its items' embeddings,
    # each over the root of both degrees.
    dataset = tiny_dataset()
    model = build("lightgcn", {"num_layers": 1}, dataset)
    items = np.asarray(model.item_table)
    own = degrees(dataset)
    expected = 0.5 * (
        items[0] / np.sqrt(2 * own[0]) + items[4] / np.sqrt(2 * own[4])
    )
    vectors = model.embed_users(Baskets([[0, 4]], own))
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_answers_or_says_why_not(name):
    dataset = tiny_dataset()
    model = build_any(name, dataset)
    baskets = Baskets([[5, 2, 4, 3], [0]], degrees(dataset))
    try:
        vectors = model.embed_users(baskets)
    except NotImplementedError as error:
        assert str(error).endswith(".")
        return
    assert vectors.shape == (2, model.embed()[1].shape[1])
    # The order of a basket and a repeated item do not matter.
    other = Baskets([[2, 3, 3, 4, 5], [0, 0]], degrees(dataset))
    np.testing.assert_array_equal(
        dense(model.embed_users(other)), dense(vectors)
    )
    assert np.isfinite(dense(vectors)).all()


def test_models_without_a_rule_are_those_of_ids_alone():
    assert WITHOUT_RULE == ["mf", "vbpr"]


def build_any(name, dataset, **parameters):
    arguments = constructor_defaults(MODELS[name])
    if "num_neighbors" in arguments:
        parameters["num_neighbors"] = 3
    if "embedding_dim" in arguments:
        parameters["embedding_dim"] = 4
    return MODELS[name](dataset, **parameters)


def dense(vectors):
    if scipy.sparse.issparse(vectors):
        return vectors.toarray()
    return np.asarray(vectors)

"""What holds for every model: the baselines and CAmgr itself."""

import functools
import inspect

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.baselines import BASELINES
from camgr_tf.device import has_gpu
from camgr_tf.ops.embedding_rows import all_finite
from camgr_tf.ops.embedding_rows import dense_product
from camgr_tf.ops.embedding_rows import float_rows
from camgr_tf.ops.embedding_rows import transposed
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam
from camgr_tf.training.state import model_weights

MODALITIES = [
    (("text", 4),),
    (("audio", 3),),
    (("image", 5), ("text", 4)),
    (("image", 5), ("audio", 3), ("text", 4)),
]
TRAINING_PARAMETERS = {
    "learning_rate",
    "learning_rate_decay",
    "batch_size",
    "coupled_weight_decay",
    "min_epochs",
}

UNTRAINED = {name for name in MODELS if not MODELS[name].trains}

every_model = pytest.mark.parametrize("name", sorted(MODELS))
every_trained_model = pytest.mark.parametrize(
    "name", sorted(set(MODELS) - UNTRAINED)
)
untrained_models = pytest.mark.parametrize("name", sorted(UNTRAINED))


def arguments_of(name):
    """All after the data set; behind `**` stand those of the base."""
    signature = inspect.signature(MODELS[name].__init__)
    own = list(signature.parameters.values())[2:]
    if not own or own[-1].kind is not inspect.Parameter.VAR_KEYWORD:
        return own
    base = next(n for n in MODELS if MODELS[n] is MODELS[name].__base__)
    return own[:-1] + arguments_of(base)


def build(name, dataset=None, **parameters):
    names = {p.name for p in arguments_of(name)}
    parameters = {k: v for k, v in parameters.items() if k in names}
    if "num_neighbors" in names:
        parameters.setdefault("num_neighbors", 4)  # of nine items
    return MODELS[name](dataset or tiny_dataset(), **parameters)


def values_of(model):
    return [np.asarray(v).copy() for v in model.trainable_variables]


@every_model
def test_a_modality_may_have_any_name(name):
    plain = build(
        name,
        tiny_dataset((("a", 5), ("b", 4), ("c", 3))),
        query_modality="b",
    )
    names = ("front view", "_图:é", "front_view")
    odd = build(
        name,
        tiny_dataset(tuple(zip(names, (5, 4, 3)))),
        query_modality=names[1],
    )
    assert len(model_weights(odd)) == len(model_weights(plain))
    if name not in UNTRAINED:
        loss = tf.function(lambda: odd.loss_terms(**tiny_batch()))
        assert all(np.isfinite(value) for value in loss().values())
    for found, expected in zip(odd.embed(), plain.embed()):
        differences = float_rows(found) - float_rows(expected)
        assert not np.any(abs(differences).max())


@every_model
@pytest.mark.parametrize("widths", MODALITIES, ids=len)
def test_any_modalities_give_embeddings_and_losses(name, widths):
    model = build(name, tiny_dataset(widths), embedding_dim=8)
    model.begin_epoch()
    users, items = (float_rows(x) for x in model.embed())
    assert users.shape[0] == 7 and items.shape[0] == 9
    assert users.shape[1] == items.shape[1]
    assert all_finite(users) and all_finite(items)
    if name in UNTRAINED:
        return
    terms = model.loss_terms(**tiny_batch())
    assert terms
    for term, value in terms.items():
        assert value.shape == (), term
        assert np.isfinite(float(value)), term


@every_model
def test_scores_are_products_of_the_embeddings(name):
    model = build(name)
    users, items = (float_rows(x) for x in model.embed())
    np.testing.assert_allclose(
        model(np.array([5, 0])),
        dense_product(users[[5, 0]], transposed(items)),
        atol=1e-5,
    )


@untrained_models
def test_a_model_that_only_counts_has_no_weights(name):
    assert not build(name).variables


def test_models_that_only_count():
    assert UNTRAINED == {"contentknn", "itemknn", "popularity"}


@every_trained_model
def test_the_seed_alone_fixes_the_initial_values(name):
    first, same, other = (build(name, seed=s) for s in (3, 3, 4))
    assert [v.path for v in first.variables] == [v.path for v in same.variables]
    changed = []
    for a, b, c in zip(first.variables, same.variables, other.variables):
        np.testing.assert_array_equal(a, b, err_msg=a.path)
        if np.any(np.asarray(a) != np.asarray(c)):
            changed.append(a.path)
    assert changed
    # No two random weights are drawn alike; constant and identity starts
    # are not random.
    starts = [tuple(v.ravel()[:4]) for v in values_of(first)]
    starts = [start for start in starts if len(set(start)) == 4]
    assert len(set(starts)) == len(starts)


@every_model
def test_weights_have_names_of_their_own(name):
    paths = [v.path for v in build(name).weights]
    assert len(set(paths)) == len(paths)


@every_trained_model
def test_steps_lower_the_loss_and_repeat_exactly(name):
    histories = []
    for num_steps in (4, 2):
        model = build(name, embedding_dim=16)
        model.compile(optimizer=Adam(0.01), jit_compile=False)
        model.begin_epoch()
        model.track_losses(model.loss_terms(**tiny_batch()))
        before, history = values_of(model), []
        for _ in range(num_steps):
            for metric in model.metrics:
                metric.reset_state()
            logs = model.train_step(tiny_batch())
            history.append(float(logs["loss"]))
        parts = sum(float(v) for k, v in logs.items() if k != "loss")
        assert parts == pytest.approx(history[-1], rel=1e-5)
        assert any(np.any(a != b) for a, b in zip(before, values_of(model)))
        histories.append(history)
    assert histories[0][:2] == histories[1]
    assert histories[0][-1] < histories[0][0]


@every_model
def test_parameters_are_keywords_with_defaults(name):
    arguments = arguments_of(name)
    for argument in arguments:
        assert argument.kind is inspect.Parameter.KEYWORD_ONLY
        assert argument.default is not inspect.Parameter.empty
    names = {p.name for p in arguments} | TRAINING_PARAMETERS
    model = MODELS[name]
    assert set(model.training_defaults) <= names
    assert set(model.search_space) <= names
    for preset in model.presets.values():
        assert set(preset) <= names


# Values beside the defaults, of arguments that are no plain numbers.
OTHER_VALUES = {
    "num_neighbors": 3,
    "num_further_neighbors": 2,
    "query_modality": "image",
    "projected_modalities": ("text",),
    "block_size": 2,
}
# What an argument needs beside it in order to act.
BESIDE = {"num_routings": {"route_prototypes": True}}
# Blocks bound the memory and leave all results as they are, but for rounding.
WITHOUT_EFFECT = {"block_size"}


def other_value(argument):
    """A value that is not the argument's default, and in its range."""
    if argument.name in OTHER_VALUES:
        return OTHER_VALUES[argument.name]
    default = argument.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    return 0.3 * default + 0.4  # a share stays one; 0.57 alone stays itself


def outcomes(model):
    """All that an argument can act on: vectors, then losses, then a step."""
    model.begin_epoch(1)
    yield [float_rows(rows) for rows in model.embed()]
    if model.trains:
        terms = model.loss_terms(**tiny_batch())
        yield [np.asarray(term) for term in terms.values()]
        optimizer = Adam(0.01, scales=model.learning_rate_scale)
        model.compile(optimizer=optimizer, jit_compile=False)
        model.track_losses(terms)
        model.train_step(tiny_batch())
        yield values_of(model)


@functools.cache
def default_outcomes(name, **parameters):
    return list(outcomes(build(name, **parameters)))


def differs(results, others, tolerance=0.0):
    return len(results) != len(others) or any(
        a.shape != b.shape or abs(a - b).max() > tolerance
        for a, b in zip(results, others)
    )


@every_model
@pytest.mark.skipif(
    has_gpu(),
    reason="a GPU's sums have no order unless TensorFlow is deterministic",
)
def test_the_same_arguments_give_the_same_outcome(name):
    for results, others in zip(outcomes(build(name)), default_outcomes(name)):
        assert not differs(results, others)


EVERY_ARGUMENT = [
    pytest.param(name, argument, id=f"{name}-{argument.name}")
    for name in sorted(MODELS)
    for argument in arguments_of(name)
]


@pytest.mark.parametrize("name, argument", EVERY_ARGUMENT)
def test_every_argument_acts_and_is_an_attribute(name, argument):
    value = other_value(argument)
    assert value != argument.default
    beside = BESIDE.get(argument.name, {})
    model = build(name, **{argument.name: value}, **beside)
    assert getattr(model, argument.name) == value
    without_effect = argument.name in WITHOUT_EFFECT
    acts = any(
        differs(results, others, 1e-5 if without_effect else 0.0)
        for results, others in zip(
            outcomes(model), default_outcomes(name, **beside)
        )
    )
    assert acts != without_effect


@every_model
def test_defaults_are_attributes(name):
    model = build(name)
    for argument in arguments_of(name):
        if argument.name != "num_neighbors":
            assert getattr(model, argument.name) == argument.default


def test_systems_in_alphabetical_order():
    assert list(BASELINES) == sorted(BASELINES)

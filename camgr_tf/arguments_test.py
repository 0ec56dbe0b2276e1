import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from camgr_tf.arguments import checked_argument
from camgr_tf.arguments import constructor_defaults
from camgr_tf.arguments import keyword_defaults
from camgr_tf.arguments import parse_value

ANYTHING = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(-(10**30), 10**30),
    strategies.floats(),
    strategies.text(max_size=8),
    strategies.lists(strategies.integers(), max_size=2),
)
DEFAULTS = {
    "num_layers": 2,
    "batch_size": 64,
    "seed": 0,
    "edge_dropout": 0.1,
    "l2_weight": 1e-4,
    "temperature": 0.2,
    "gate_start": 2.0,
    "mask_validation": False,
    "split": "file",
}


@hypothesis.given(strategies.sampled_from(sorted(DEFAULTS)), ANYTHING)
def test_a_value_is_of_its_type_and_range_or_refused_by_name(name, value):
    default = DEFAULTS[name]
    try:
        received = checked_argument(name, value, default, convert=True)
    except ValueError as error:
        assert f"`{name}` must be " in str(error)
        assert f"Received: {name}={value!r}" in str(error)
        return
    assert type(received) is type(default)
    if isinstance(default, float):
        assert math.isfinite(received) and float(value) == received
    if name == "edge_dropout":
        assert 0 <= received < 1
    if name == "temperature":
        assert received > 0
    if name in ("num_layers", "seed", "l2_weight"):
        assert received >= 0
    if name == "batch_size":
        assert received >= 1


@hypothesis.given(strategies.integers(0, 10**9))
def test_a_whole_number_is_the_same_in_every_writing(number):
    for written in (number, str(number), float(number), np.int64(number)):
        received = checked_argument("num_layers", written, 1, convert=True)
        assert received == number and type(received) is int


@pytest.mark.parametrize(
    "name, value, default",
    [
        ("num_layers", "3", 1),
        ("num_layers", 3.0, 1),
        ("learning_rate", "0.1", 0.2),
        ("train_ids", 1, False),
    ],
)
def test_a_constructor_converts_nothing(name, value, default):
    with pytest.raises(ValueError, match=f"Received: {name}="):
        checked_argument(name, value, default)


@pytest.mark.parametrize(
    "text, default, value",
    [
        ("1e-3", None, 1e-3),
        ("1e-4", 0.5, 1e-4),
        ("3", None, 3),
        ("None", "text", None),
        ("None", None, None),
        ("True", None, True),
        ("False", False, False),
        ("2018", "demo", "2018"),
        ("1e3", "demo", "1e3"),
        ("[image, text]", None, ["image", "text"]),
        ("{num_layers: 3}", {}, {"num_layers": 3}),
        ("no", None, "no"),
        ("image,text", "image", "image,text"),
    ],
)
def test_values_of_a_command_line(text, default, value):
    received = parse_value(text, default)
    assert received == value and type(received) is type(value)


def test_keyword_defaults_by_hand():
    def function(dataset, positional=1, *, num_layers=2, seed=0, **rest):
        pass

    assert keyword_defaults(function) == {"num_layers": 2, "seed": 0}


def test_constructor_defaults_go_on_where_a_constructor_passes_on():
    class Base:
        def __init__(self, dataset, *, num_layers=2, seed=0, **rest):
            pass

    class Silent(Base):
        pass

    class Own(Silent):
        def __init__(self, dataset, *, seed=1, width=3, **arguments):
            pass

    class Closed(Base):
        def __init__(self, dataset, *, width=3):
            pass

    assert constructor_defaults(Own) == {"num_layers": 2, "seed": 1, "width": 3}
    assert constructor_defaults(Silent) == {"num_layers": 2, "seed": 0}
    assert constructor_defaults(Closed) == {"width": 3}

"""Checks the arguments of models and runs by their defaults and names."""

import inspect
import math

import yaml

# By the end of a name: what its values must be. The first that fits counts.
RANGES = (
    ("seed", "0 or more", lambda v: v >= 0),
    ("layers", "0 or more", lambda v: v >= 0),
    ("max_epochs", "positive", lambda v: v >= 1),
    ("epochs", "0 or more", lambda v: v >= 0),
    ("patience", "0 or more", lambda v: v >= 0),
    ("num_routings", "0 or more", lambda v: v >= 0),
    ("dropout", "in [0, 1)", lambda v: 0 <= v < 1),
    ("graph_weight", "in [0, 1]", lambda v: 0 <= v <= 1),
    ("_weight", "0 or more", lambda v: v >= 0),
    ("weight_decay", "0 or more", lambda v: v >= 0),
    ("shrinkage", "0 or more", lambda v: v >= 0),
    ("scale", "0 or more", lambda v: v >= 0),
    ("temperature", "above 0", lambda v: v > 0),
    ("learning_rate", "above 0", lambda v: v > 0),
    ("rate_decay", "above 0", lambda v: v > 0),
)
# Integers that no line above names count something that must be there.
COUNT = ("positive", lambda v: v >= 1)


def checked_argument(name, value, default, convert=False):
    """One argument, of its default's type and in its name's range.

    Args:
        name: String.
        value: What was given.
        default: The argument's default; its type is what is expected. With
            `None` anything is allowed.
        convert: Boolean. Whether numbers written as text, and whole numbers
            written as floats, are converted, as they come from command lines
            and tables. Defaults to `False`: they are refused.

    Returns:
        The value, converted if that was asked for.

    Raises:
        ValueError: If type or range are wrong; it names the argument.
    """
    if convert and hasattr(value, "item"):  # NumPy's numbers
        value = value.item()
    if default is None:
        return value
    if isinstance(default, bool):
        return _checked(name, value, "True or False", isinstance(value, bool))
    if isinstance(default, int):
        number = _as_number(value) if convert else value
        if convert and isinstance(number, float) and number.is_integer():
            number = int(number)
        is_integer = isinstance(number, int) and not isinstance(number, bool)
        expected, accepts = _range(name) or COUNT
        wanted = f"an integer, {expected}"
        _checked(name, value, wanted, is_integer and accepts(number))
        return number
    if isinstance(default, float):
        number = _as_number(value) if convert else value
        is_number = (
            isinstance(number, (int, float))
            and not isinstance(number, bool)
            and math.isfinite(number)
        )
        expected, accepts = _range(name) or ("finite", lambda v: True)
        wanted = f"a number, {expected}"
        _checked(name, value, wanted, is_number and accepts(number))
        return float(number) if convert else number
    if isinstance(default, str):
        return _checked(name, value, "text", isinstance(value, str))
    return value


def _range(name):
    for end, expected, accepts in RANGES:
        if name.endswith(end):
            return expected, accepts
    return None


def _checked(name, value, expected, accepted):
    if not accepted:
        raise ValueError(
            f"`{name}` must be {expected}. Received: {name}={value!r}"
        )
    return value


def _as_number(value):
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return value


def checked_arguments(defaults, given, convert=False):
    """`checked_argument` for each of several.

    Args:
        defaults: Dictionary from names to defaults.
        given: Dictionary from names to values; other names are left alone.
        convert: Boolean. Defaults to `False`.

    Returns:
        Dictionary of the values.
    """
    return {
        name: checked_argument(name, value, defaults[name], convert)
        if name in defaults
        else value
        for name, value in given.items()
    }


def parse_value(text, default=None):
    """A value as it stands on a command line, read as papermill reads it.

    `True`, `False` and `None`, integers and numbers such as `1e-3` are what
    they look like; lists and dictionaries are written as in YAML; the rest
    is text.

    Args:
        text: String.
        default: The parameter's default, where it is known: where that is
            text, the value stays text. Defaults to `None`.

    Returns:
        The value.
    """
    if text == "None":
        return None
    if isinstance(default, str):
        return text
    if text in ("True", "False"):
        return text == "True"
    if text[:1] in ("[", "{"):
        return yaml.safe_load(text)
    return _as_number(text)


def keyword_defaults(function):
    """Keyword-only arguments of a function and their defaults.

    Args:
        function: Function or method.

    Returns:
        Dictionary from an argument's name to its default.
    """
    return {
        p.name: p.default
        for p in inspect.signature(function).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }


def constructor_defaults(made):
    """Keyword-only arguments of a class's constructor and their defaults.

    Args:
        made: Class. Where its constructor passes `**` on, the arguments of
            the constructor behind it count too.

    Returns:
        Dictionary from an argument's name to its default.
    """
    found = {}
    for constructor in (vars(c).get("__init__") for c in made.__mro__):
        if constructor is None:
            continue
        found = {**keyword_defaults(constructor), **found}
        kinds = {
            p.kind for p in inspect.signature(constructor).parameters.values()
        }
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
    return found

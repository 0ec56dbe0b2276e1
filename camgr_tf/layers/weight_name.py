"""Names of layers and weights, from any name of a modality."""

import re

_PLAIN = re.compile(r"[A-Za-z0-9.][A-Za-z0-9._-]*")
_ESCAPED = re.compile(r"\.[0-9a-f]+\.")
_UNSAFE = re.compile("^[_-]|[^A-Za-z0-9_-]")


def weight_name(name):
    """A name that TensorFlow takes, another one for each other name.

    Args:
        name: String, for example `"front view_features"`.

    Returns:
        String of ASCII letters, digits, `_`, `-` and `.`: the name itself if
        it is one, else with each other character as its number in
        hexadecimal between two dots, `"front.20.view_features"`.
    """
    if _PLAIN.fullmatch(name) and not _ESCAPED.search(name):
        return name
    return _UNSAFE.sub(lambda found: f".{ord(found[0]):x}.", name)

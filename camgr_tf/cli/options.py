"""Options that several commands share, and how their texts are read."""

import argparse

from camgr_tf import paths


def add_data_root(parser):
    """Adds `--data-root`, absolute from here on, or `None`."""
    parser.add_argument(
        "--data-root",
        type=folder,
        metavar="FOLDER",
        help="folder of the datasets (default: the environment variable "
        "CAMGR_DATA, else data/ of the clone or of the working directory)",
    )


def add_output_root(parser):
    """Adds `--output-root`, absolute from here on, or `None`."""
    parser.add_argument(
        "--output-root",
        type=folder,
        metavar="FOLDER",
        help="folder of all runs (default: the environment variable "
        "CAMGR_OUTPUTS, else outputs/ of the clone or of the working "
        "directory)",
    )


def add_parameters(parser, what="a parameter of the run or of its model"):
    """Adds `-p NAME VALUE`, which may be repeated."""
    parser.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        dest="parameters",
        metavar=("NAME", "VALUE"),
        help=f"{what}; may be repeated. Numbers (3, 1e-4), True, False, None "
        "and lists ([image, text]) are read as such",
    )


def add_run(parser, more="", **arguments):
    """Adds the argument RUN, for `camgr_tf.cli.run_folder.find_run`."""
    parser.add_argument(
        "run_name",
        metavar="RUN",
        help="a finished run: its folder, its name under the output root, or "
        f"the beginning of its name{more}",
        **arguments,
    )


def add_list_length(parser, default):
    """Adds `-k`, the length of a list of items."""
    parser.add_argument(
        "-k",
        "--k",
        dest="k",
        type=positive,
        default=default,
        metavar="K",
        help="items in a list",
    )


def read_parameters(pairs, defaults, option="-p"):
    """The pairs of `-p` as values.

    Args:
        pairs: List of pairs of strings.
        defaults: Dictionary from the names that are known to their defaults:
            where a default is text, the value stays text.
        option: String, which option they are of. Defaults to `"-p"`.

    Returns:
        Dictionary.

    Raises:
        ValueError: If a name is given twice or a list is not closed.
    """
    import yaml

    from camgr_tf.arguments import parse_value

    values = {}
    for name, text in pairs:
        if name in values:
            raise ValueError(f"{option} {name} is given twice.")
        try:
            values[name] = parse_value(text, defaults.get(name))
        except yaml.YAMLError as error:
            raise ValueError(
                f"{option} {name}: expected a list or dictionary as in YAML. "
                f"Received: {text!r}"
            ) from error
    return values


def folder(text):
    """A folder as it is meant now: absolute, `~` expanded."""
    if not text:
        raise argparse.ArgumentTypeError("expected a folder, got an empty text")
    return paths.absolute(text)


def name(text):
    """The name of a new folder."""
    if not text or text != text.rpartition("/")[2] or text.startswith("."):
        raise argparse.ArgumentTypeError(
            f"expected the name of a folder, not a path, got {text!r}"
        )
    return text


def positive(text):
    """An integer from 1."""
    return _integer(text, 1, "a positive integer")


def not_negative(text):
    """An integer from 0."""
    return _integer(text, 0, "an integer, 0 or more")


def _integer(text, least, expected):
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or value < least:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


def pair(text):
    """`KEY=VALUE` as a pair."""
    key, separator, value = text.partition("=")
    if not (key and separator and value):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    return key, value


def add_overwrite(parser, text):
    """Adds `--overwrite`, whose help is `text`."""
    parser.add_argument("--overwrite", action="store_true", help=text)

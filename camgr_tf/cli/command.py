"""The one entry point: finds the subcommand, runs it, reports errors."""

import importlib
import os
import sys
import traceback

import camgr_tf
from camgr_tf.cli.mistakes import is_mistake
from camgr_tf.cli.mistakes import one_line
from camgr_tf.cli.mistakes import reporting
from camgr_tf.cli.parser import USAGE_ERROR
from camgr_tf.cli.parser import Parser
from camgr_tf.cli.parser import add_command

# In the order of the help. Each is a module of this package that has
# `SUMMARY`, `EXAMPLES`, `add_arguments(parser)` and `run(options)`.
COMMANDS = (
    "data",
    "train",
    "notebook",
    "evaluate",
    "compare",
    "recommend",
    "export",
    "serve",
    "sweep",
    "search",
    "report",
    "bench",
)
FAULT = 1
INTERRUPTED = 130
EXAMPLES = """
    camgr train mgcn --dataset demo -p seed 1
    camgr recommend demo-mgcn user-001 -k 5
    camgr compare demo-camgr demo-mgcn
    camgr train --help
"""


def main(argv=None):
    """The command line `camgr`.

    Args:
        argv: List of strings, what follows the command's name. Defaults to
            `None`: those of the process.

    Returns:
        Integer, the exit code: `0`; `1` for a fault of the program or of a
        part of what was asked for; `2` for a user's mistake, which is one
        line on standard error; `130` after an interruption.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    try:
        options = make_parser().parse_args(words)
    except SystemExit as end:
        return end.code
    try:
        with reporting(options.prog):
            return options.run(options) or 0
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{options.prog}: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except Exception as error:
        mistake = is_mistake(error)
        if options.debug or not mistake:
            traceback.print_exc()
        if mistake:
            sys.stderr.write(f"{options.prog}: error: {one_line(error)}\n")
        return USAGE_ERROR if mistake else FAULT


def make_parser():
    """The parser of all subcommands.

    Returns:
        `camgr_tf.cli.parser.Parser`; what it parses has `run`, a function of
        the options, and `prog`.
    """
    parser = Parser(
        prog="camgr",
        description="Multimodal recommenders: data, training, comparisons, "
        "lists. Each command has a --help of its own.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--version", action="version", version=camgr_tf.__version__
    )
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands"
    )
    for name in COMMANDS:
        module = importlib.import_module(f"camgr_tf.cli.{name}")
        add_command(subparsers, name, module)
    return parser

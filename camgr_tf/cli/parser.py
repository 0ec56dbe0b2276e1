"""How command lines are read, refused and explained."""

import argparse
import re
import sys
import textwrap

from camgr_tf.near_names import near_names

USAGE_ERROR = 2
# Options that take two words, as they are meant.
SAMPLES = {"-p": "-p seed 1", "--space": "--space num_layers '[1, 2]'"}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and name what is near.

    Args:
        examples: String. Command lines, one a line, for the end of the help.
            Defaults to `""`.
        **arguments: Further arguments of `argparse.ArgumentParser`.
    """

    def __init__(self, examples="", **arguments):
        examples = textwrap.dedent(examples).strip()
        if examples:
            arguments["epilog"] = "examples:\n" + textwrap.indent(
                examples, "  "
            )
        arguments.setdefault("formatter_class", _HelpFormatter)
        # `--data` is not short for `--data-root`: it is told what is near.
        super().__init__(allow_abbrev=False, **arguments)

        self._parsing = False
        # Also -1e-3 is a value and no option.
        self._negative_number_matcher = re.compile(
            r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
        )

    def parse_known_args(self, args=None, namespace=None):
        # Also `RUN -k 5 USER`: positional arguments may stand anywhere.
        if self._parsing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._parsing = True
        try:
            parsed = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parsing = False
        if parsed[1]:
            self.error(self._explain_unknown(parsed[1]))
        return parsed

    def parse_args(self, args=None, namespace=None):
        options, others = self.parse_known_args(args, namespace)
        if others:
            self.error(self._explain_unknown(others))
        return options

    def error(self, message):
        """Writes one line on standard error and ends with code 2."""
        message = re.sub(r"^argument (\S+):", r"\1:", message)
        for option, sample in SAMPLES.items():
            if message == f"{option}: expected 2 arguments":
                message = f"{option} takes two words, such as {sample}"
        end = "" if message[-1] in ".?" else "."
        sys.stderr.write(
            f"{self.prog}: error: {message}{end} See `{self.prog} --help`.\n"
        )
        sys.exit(USAGE_ERROR)

    def _check_value(self, action, value):
        if action.choices is None or value in action.choices:
            return
        raise argparse.ArgumentError(
            action,
            f"there is no {value!r}{near_names(value, action.choices)}; there "
            f"are {', '.join(map(str, action.choices))}",
        )

    def _explain_unknown(self, others):
        name = next((text for text in others if text[:1] == "-"), None)
        if name is None:
            return f"unexpected {' '.join(others)!r}"
        name = name.partition("=")[0]
        known = self._option_string_actions
        hint = near_names(name, [n for n in known if n[:2] == "--"])
        if "-p" in known and not hint:
            hint = " (parameters are given as -p NAME VALUE)"
        return f"unknown option {name}{hint}"


def add_command(subparsers, name, module):
    """Adds a subcommand.

    Args:
        subparsers: What `add_subparsers` returned.
        name: String.
        module: Module with `SUMMARY`, `EXAMPLES`, `add_arguments(parser)`
            and `run(options)`; without the latter it is a group, whose
            `add_arguments` adds further subcommands.
    """
    added = subparsers.add_parser(
        name,
        help=module.SUMMARY,
        description=module.SUMMARY,
        examples=module.EXAMPLES,
    )
    module.add_arguments(added)
    if hasattr(module, "run"):
        added.set_defaults(run=module.run, prog=added.prog)
        added.add_argument(
            "--debug",
            action="store_true",
            help="show the traceback of every error",
        )


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Examples stay as they are; every option ends with its default."""

    def __init__(self, *args, **arguments):
        super().__init__(*args, max_help_position=26, **arguments)

    def _get_help_string(self, action):
        text = action.help or ""
        value = action.default
        if value is None or value is False or value in ([], argparse.SUPPRESS):
            return text
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value))
        return f"{text} (default: {str(value).replace('%', '%%')})"

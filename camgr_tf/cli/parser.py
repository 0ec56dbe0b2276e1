"""How command lines are read, refused and explained."""

import argparse
import difflib
import re
import sys
import textwrap

USAGE_ERROR = 2


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
        if message == "-p: expected 2 arguments":
            message = "-p takes a name and a value, such as -p seed 1"
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
            f"there is no {value!r}{near(value, action.choices)}; there are "
            f"{', '.join(map(str, action.choices))}",
        )

    def _explain_unknown(self, others):
        name = next((text for text in others if text[:1] == "-"), None)
        if name is None:
            return f"unexpected {' '.join(others)!r}"
        name = name.partition("=")[0]
        known = [n for n in self._option_string_actions if n[:2] == "--"]
        return f"unknown option {name}{near(name, known)}"


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


def near(name, names):
    """What someone may have meant, to stand behind the wrong name.

    Args:
        name: String, what was given.
        names: Iterable of strings, what there is.

    Returns:
        String such as `" (did you mean 'baby'?)"`, or `""`.
    """
    found = difflib.get_close_matches(str(name), list(names), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(map(repr, found))}?)" if found else ""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Examples stay as they are; every option ends with its default."""

    def _get_help_string(self, action):
        text = action.help or ""
        value = action.default
        if value is None or value is False or value in ([], argparse.SUPPRESS):
            return text
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value))
        return f"{text} (default: {str(value).replace('%', '%%')})"

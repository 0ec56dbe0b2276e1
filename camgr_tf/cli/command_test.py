import json
import os
import shlex
import signal
import subprocess
import sys

import pytest

from camgr_tf.cli import main
from camgr_tf.cli import train
from camgr_tf.cli.command import COMMANDS
from camgr_tf.cli.command import make_parser

# After the last one: what `import camgr_tf.cli` and a help load.
LOOK = """
import contextlib, io, json, sys
from camgr_tf.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    codes = [main([*words, "--help"]) for words in json.loads(sys.argv[1])]
heavy = {"keras", "tensorflow", "numpy", "pandas", "papermill", "matplotlib"}
print(json.dumps([codes, sorted(heavy & set(sys.modules))]))
"""


def _leaves(parser, words=()):
    """All parsers, by the words that lead to them."""
    yield list(words), parser
    for action in parser._actions:
        if action.choices and action.metavar == "COMMAND":
            for name, below in action.choices.items():
                yield from _leaves(below, (*words, name))


PARSERS = list(_leaves(make_parser()))
NAMES = [" ".join(words) for words, _ in PARSERS]
EXAMPLES = [
    line
    for _, parser in PARSERS
    for line in parser.epilog.replace("\\\n", "").splitlines()[1:]
]


def test_all_commands_are_there():
    assert [words[0] for words, _ in PARSERS if len(words) == 1] == list(
        COMMANDS
    )


def test_help_loads_nothing_heavy():
    words = [words for words, _ in PARSERS]
    result = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(words)],
        capture_output=True,
        text=True,
    )
    assert json.loads(result.stdout) == [[0] * len(words), []], result.stderr


@pytest.mark.parametrize("parser", [p for _, p in PARSERS], ids=NAMES)
def test_every_option_says_what_it_is_and_its_default(parser):
    for action in parser._actions:
        if action.metavar == "COMMAND":
            continue
        assert action.help, action
        silent = {"--mirrors", "--add", "--profile", "--csv", "--latency"}
        silent |= {"--items", "--dataset"}
        lacking = action.default is None or action.default == []
        if action.option_strings and lacking and not action.required:
            assert (
                "(default: " in action.help
                or "may be repeated" in action.help
                or silent.intersection(action.option_strings)
            ), action
    text = parser.format_help()
    assert "examples:\n" in text


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_the_help_are_command_lines(line, capsys):
    program, *words = shlex.split(line)
    assert program == "camgr"
    if words[-1] == "--help":
        assert main(words) == 0
    else:
        assert make_parser().parse_args(words).run
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "words, message",
    [
        ("", "camgr: error: the following arguments are required: COMMAND"),
        ("trian", "COMMAND: there is no 'trian' (did you mean 'train'?)"),
        ("train --datset demo", "unknown option --datset (did you mean "
         "'--dataset'"),
        ("train --epochs 3", "parameters are given as -p NAME VALUE"),
        ("search mf --space l2", "--space takes two words, such as --space"),
        ("train --data x", "unknown option --data (did you mean"),
        ("train mf vbpr", "unexpected 'vbpr'"),
        ("train -p seed", "-p takes two words, such as -p seed 1"),
        ("train -p seed=1", "-p takes two words"),
        ("train --data-root", "--data-root: expected one argument"),
        ("train --data-root ", "expected a folder, got an empty text"),
        ("data", "required: COMMAND"),
        ("data dmeo", "there is no 'dmeo' (did you mean 'demo'?)"),
        ("data download baby", "(did you mean 'amazon-baby' or 'mmrec-baby'"),
        ("data catalog --name a/b", "expected the name of a folder, not a"),
        ("data amazon", "required: --category"),
        ("data amazon --category A --split odd", "there is no 'odd'"),
        ("data download mmrec-baby --mirror x", "expected KEY=VALUE, got 'x'"),
        ("sweep table3 --seeds 0", "--seeds: expected a positive integer"),
        ("sweep --list --status", "not allowed with"),
        ("search mf", "required: --dataset"),
        ("recommend run u -k 0", "-k/--k: expected a positive integer, got"),
        ("recommend run u -k many", "got 'many'"),
        ("export run", "required: FOLDER"),
        ("export run out --only onnx", "there is no 'onnx'; there are saved"),
        ("evaluate run --part tset", "there is no 'tset' (did you mean 'test'"),
        ("serve --port http", "invalid int value: 'http'"),
        ("bench --scales 1.5", "expected a positive integer, got '1.5'"),
        ("notebook", "required: NAME"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_in_one_line(words, message, capsys):
    assert main(words.split(" ") if words else []) == 2
    shown = capsys.readouterr()
    assert message in shown.err and shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.endswith("--help`.\n")


def test_help_as_a_word(capsys):
    assert main(["help", "train"]) == 0
    assert capsys.readouterr().out.startswith("usage: camgr train")


def test_a_negative_value_is_no_option():
    words = ["train", "-p", "l2_weight", "-1e-3", "-p", "seed", "-1"]
    options = make_parser().parse_args(words)
    assert options.parameters == [["l2_weight", "-1e-3"], ["seed", "-1"]]


def test_positional_arguments_may_stand_anywhere():
    options = make_parser().parse_args(
        ["recommend", "run", "-k", "5", "u1", "--include-seen", "u2"]
    )
    assert (options.run_name, options.users) == ("run", ["u1", "u2"])


@pytest.fixture
def failing(monkeypatch):
    """Makes `camgr train` call a function."""

    def make(function):
        monkeypatch.setattr(train, "run", lambda options: function())

    return make


def test_a_fault_of_the_program_shows_its_traceback(failing, capsys):
    failing(lambda: [][1])
    assert main(["train"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Traceback") and "IndexError" in error


def test_a_value_error_that_nobody_raised_on_purpose_is_a_fault(
    failing, capsys
):
    failing(lambda: int("x"))
    assert main(["train"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_debug_shows_the_traceback_of_a_mistake(capsys):
    assert main(["train", "mfx"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["train", "mfx", "--debug"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert "camgr train: error: `model` must be one of" in error


def test_an_interruption_ends_with_130(failing, capsys):
    # Started in the background, this process may ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    failing(lambda: signal.raise_signal(signal.SIGINT))
    assert main(["train"]) == 130
    signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "\ncamgr train: interrupted\n"


def test_termination_is_an_interruption_and_only_while_it_runs(failing):
    before = signal.getsignal(signal.SIGTERM)
    failing(lambda: signal.raise_signal(signal.SIGTERM))
    assert main(["train"]) == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_error_of_the_system_names_the_file(failing, tmp_path, capsys):
    failing(lambda: open(tmp_path / "x" / "y"))
    assert main(["train"]) == 2
    assert capsys.readouterr().err == (
        f"camgr train: error: {tmp_path}/x/y: No such file or directory\n"
    )


def test_python_dash_m_and_a_reader_that_has_enough():
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = f"{sys.executable} -m camgr_tf sweep --list | head -n 0"
    result = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (result.stdout, result.stderr) == ("", "")

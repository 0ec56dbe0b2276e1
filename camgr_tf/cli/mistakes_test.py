import logging
import warnings

import pytest

from camgr_tf.cli.mistakes import is_mistake
from camgr_tf.cli.mistakes import one_line
from camgr_tf.cli.mistakes import reporting
from camgr_tf.staged_file import staged_file
from camgr_tf.training.sampling import TrainingBatches


def _caught(function):
    try:
        function()
    except Exception as error:
        return error


def _raise(error):
    raise error


def test_what_the_package_says_on_purpose_is_a_mistake():
    from camgr_tf.data.dataset import find_dataset

    assert is_mistake(_caught(lambda: find_dataset("a/b")))
    assert not is_mistake(_caught(lambda: _raise(AssertionError("x"))))


@pytest.mark.parametrize(
    "function",
    [
        lambda: {}["a"],
        lambda: int("x"),
        lambda: TrainingBatches(None, 1, 0),
        lambda: None.x,
    ],
)
def test_what_goes_wrong_by_itself_is_a_fault(function):
    assert not is_mistake(_caught(function))


def test_what_others_say_is_a_fault():
    import numpy as np

    assert not is_mistake(_caught(lambda: np.zeros(3).reshape(2, 2)))


def test_files_that_cannot_be_written_are_mistakes(tmp_path):
    (tmp_path / "file").write_text("")

    def write():
        with staged_file(tmp_path / "file" / "x"):
            pass

    error = _caught(write)
    assert is_mistake(error)
    assert one_line(error) == f"{tmp_path}/file is there and is no folder"


def test_an_error_of_the_system_without_a_file():
    error = OSError(28, "No space left on device")
    assert one_line(error) == "No space left on device"


def test_several_lines_become_sentences_of_one():
    text = "a could not be fetched: no address\n  By hand: get it.\n\nb too"
    assert one_line(ValueError(text)) == (
        "a could not be fetched: no address; By hand: get it. b too"
    )


def test_words_of_python_become_options():
    error = ValueError("Train again with overwrite=True.")
    assert one_line(error) == "Train again with --overwrite."


def test_an_error_without_a_text_has_its_name():
    assert one_line(KeyError()) == "KeyError"


def test_warnings_and_the_log_are_plain_lines(capsys):
    logger = logging.getLogger("camgr_tf.anything")
    before = logging.getLogger("camgr_tf").handlers[:]
    with reporting("camgr train"):
        warnings.warn("two\nlines", stacklevel=1)
        logger.info("a line of the log")
    assert capsys.readouterr().err == (
        "camgr train: warning: two; lines\na line of the log\n"
    )
    assert logging.getLogger("camgr_tf").handlers == before

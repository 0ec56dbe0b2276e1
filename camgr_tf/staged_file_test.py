import os
import subprocess
import sys

import pytest

from camgr_tf.staged_file import staged_file


def test_the_file_appears_at_the_end_only(tmp_path):
    path = tmp_path / "folder" / "a.txt"
    with staged_file(path) as staging:
        staging.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="stop"):
        with staged_file(path) as staging:
            staging.write_text("half")
            raise RuntimeError("stop")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    abandoned = tmp_path / f".{ended.pid}-a.txt"
    running = tmp_path / f".{os.getppid()}-a.txt"
    other = tmp_path / f".{ended.pid}-b.txt"
    for path in (abandoned, running, other):
        path.write_text("half")
    with staged_file(tmp_path / "a.txt") as staging:
        staging.write_text("new")
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.txt",
        running.name,
        other.name,
    }

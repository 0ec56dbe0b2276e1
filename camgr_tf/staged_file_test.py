import os
import socket
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
    host = socket.gethostname()
    abandoned = tmp_path / f".{host}-{ended.pid}-a.txt"
    running = tmp_path / f".{host}-{os.getppid()}-a.txt"
    other = tmp_path / f".{host}-{ended.pid}-b.txt"
    # On its host the process of this number may live.
    elsewhere = tmp_path / f".not-{host}-{ended.pid}-a.txt"
    for path in (abandoned, running, other, elsewhere):
        path.write_text("half")
    with staged_file(tmp_path / "a.txt") as staging:
        staging.write_text("new")
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.txt",
        running.name,
        other.name,
        elsewhere.name,
    }

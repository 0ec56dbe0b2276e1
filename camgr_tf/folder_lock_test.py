import os
import socket
import subprocess
import sys
import threading

from camgr_tf.folder_lock import folder_lock
from camgr_tf.folder_lock import waiting_lock

HOLD = """
import sys, pathlib
from camgr_tf.folder_lock import folder_lock
with folder_lock(pathlib.Path(sys.argv[1])) as holder:
    print(holder, flush=True)
    sys.stdin.read()
"""


def test_a_lock_names_its_holder_until_that_dies(tmp_path):
    folder = tmp_path / "new"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "None\n"
    with folder_lock(folder) as holder:
        assert f"process {other.pid} on {socket.gethostname()}" in holder
    other.kill()
    other.wait()
    with folder_lock(folder) as holder:
        assert holder is None
        with folder_lock(folder) as second:
            assert f"process {os.getpid()} " in second
        with folder_lock(folder, ".another") as another:
            assert another is None
    with folder_lock(folder) as again:
        assert again is None


def test_a_holder_that_has_not_said_its_name_yet(tmp_path):
    with folder_lock(tmp_path):
        (tmp_path / ".lock").write_text("{")
        with folder_lock(tmp_path) as holder:
            assert holder == "another process"


def test_a_lock_is_waited_for_and_inherited(tmp_path):
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdout.readline() == b"None\n"
    killer = threading.Timer(0.2, first.kill)
    killer.start()
    with waiting_lock(tmp_path, interval=0.02) as handle:
        assert not killer.is_alive()
        heir = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=[handle],
        )
    with folder_lock(tmp_path) as holder:
        assert f"process {os.getpid()} " in holder
    heir.kill()
    heir.wait()
    first.wait()
    with folder_lock(tmp_path) as holder:
        assert holder is None

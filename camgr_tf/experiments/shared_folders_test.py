import os
import subprocess
import sys

import pytest

from camgr_tf.experiments.shared_folders import data_fault
from camgr_tf.experiments.shared_folders import file_sizes
from camgr_tf.experiments.shared_folders import folder_fault
from camgr_tf.experiments.shared_folders import token

# Another process, as one on another machine.
LOOK = """
import pathlib, sys
from camgr_tf.experiments.shared_folders import folder_fault
print(folder_fault(pathlib.Path(sys.argv[1]), sys.argv[2]))
"""


def test_a_shared_folder_has_no_fault(tmp_path):
    folder = tmp_path / "new"
    with token(folder) as name:
        look = [sys.executable, "-c", LOOK, folder, name]
        seen = subprocess.run(look, capture_output=True, text=True)
        assert seen.stdout == "\n", seen.stderr
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_another_one_is_named(tmp_path):
    with token(tmp_path / "here") as name:
        there = tmp_path / "there"
        there.mkdir()
        assert folder_fault(there, name) == (
            f"{there} is missing, or is another folder"
        )


def test_a_folder_without_common_locks_is_named(tmp_path):
    # The file is seen, its lock is not.
    (tmp_path / "token").touch()
    fault = folder_fault(tmp_path, "token")
    assert fault == f"the locks of others in {tmp_path} are not seen"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_named(tmp_path):
    (tmp_path / "token").touch(mode=0o400)
    assert "cannot be written (Permission" in folder_fault(tmp_path, "token")


def test_data_are_compared_by_names_and_sizes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.inter").write_text("123")
    sizes = file_sizes(tmp_path / "a")
    assert sizes == {"x.inter": 3}
    assert data_fault(tmp_path / "b", sizes) == ""
    (tmp_path / "b" / "x.inter").write_text("1234")
    assert data_fault(tmp_path / "b", sizes) == (
        f"{tmp_path / 'b'} has another x.inter"
    )
    assert data_fault(tmp_path / "c", sizes) == f"{tmp_path / 'c'} is missing"

import os

import pytest

from camgr_tf.folder_lock import folder_lock
from camgr_tf.staged_parts import check_parts
from camgr_tf.staged_parts import staged_parts


def write(folder, text="new"):
    (folder / "parts" / "part-00000.parquet").write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_parts_are_there_at_the_end_and_nothing_else(tmp_path):
    target = tmp_path / "below" / "lists.parquet"
    with staged_parts(target) as folder:
        (folder / "source").mkdir()
        write(folder)
        (folder / "parts" / ".part-00001.parquet-ab").write_text("begun")
        assert not target.exists()
    assert names(target) == ["part-00000.parquet"]
    assert names(target.parent) == ["lists.parquet"]


def test_an_older_folder_is_replaced_and_kept_where_it_fails(tmp_path):
    target = tmp_path / "lists.parquet"
    for text in ("first", "second"):
        with staged_parts(target) as folder:
            write(folder, text)
    with pytest.raises(KeyError), staged_parts(target) as folder:
        write(folder, "third")
        raise KeyError
    assert (target / "part-00000.parquet").read_text() == "second"
    assert names(tmp_path) == ["lists.parquet"]


def test_what_a_killed_process_left_is_removed(tmp_path):
    target = tmp_path / "lists.parquet"
    child = os.fork()
    if not child:
        with staged_parts(target) as folder:
            write(folder)
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    (left,) = names(tmp_path)
    assert left.startswith(".lists.parquet.partial-")
    running = tmp_path / ".lists.parquet.partial-1-a"
    with folder_lock(running), staged_parts(target) as folder:
        write(folder)
    # That of a process that is running is not.
    assert names(tmp_path) == [running.name, "lists.parquet"]


def test_what_is_in_the_way(tmp_path):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    for path in (file, file / "below"):
        with pytest.raises(NotADirectoryError, match="file is a file"):
            check_parts(path)
    folder.mkdir()
    check_parts(folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="'notes.txt', which is no part"):
        with staged_parts(folder):
            pass
    assert names(tmp_path) == ["file", "folder"]

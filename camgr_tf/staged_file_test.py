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

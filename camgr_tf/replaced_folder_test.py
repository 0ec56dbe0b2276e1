import pytest

from camgr_tf.replaced_folder import replace_folder


def make(path, text):
    path.mkdir()
    (path / "file").write_text(text)
    return path


def test_the_older_folder_is_retired(tmp_path):
    new, target = make(tmp_path / "new", "2"), make(tmp_path / "target", "1")
    replace_folder(new, target, tmp_path / "retired")
    assert (target / "file").read_text() == "2"
    assert (tmp_path / "retired" / "file").read_text() == "1"
    assert not new.exists()


def test_without_an_older_folder_nothing_is_retired(tmp_path):
    replace_folder(
        make(tmp_path / "new", "2"), tmp_path / "target", tmp_path / "retired"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_the_older_folder_stays_where_the_new_one_cannot_come(tmp_path):
    target = make(tmp_path / "target", "1")
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "none", target, tmp_path / "retired")
    assert (target / "file").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]

import pytest

from camgr_tf.graphs.cache import cache_folder
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset


def test_the_variable_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    assert (tmp_path / "a").is_dir()


def test_without_the_variable_it_is_in_the_user_s_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("CAMGR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "camgr_tf"


def test_an_empty_variable_switches_it_off(monkeypatch):
    monkeypatch.setenv("CAMGR_CACHE", "")
    assert cache_folder() is None


def test_a_folder_that_cannot_be_made_is_warned_of(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path / "file" / "a"))
    with pytest.warns(UserWarning, match="not cached: .*CAMGR_CACHE"):
        assert cache_folder() is None


@pytest.mark.parametrize("name", ["camgr", "mgcn", "micro"])
def test_models_compute_the_graph_of_a_modality_once(
    name, tmp_path, monkeypatch
):
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path))
    MODELS[name](tiny_dataset(), num_neighbors=4)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2  # image and text
    times = [path.stat().st_mtime_ns for path in files]
    MODELS[name](tiny_dataset(), num_neighbors=4)
    assert [path.stat().st_mtime_ns for path in files] == times
    MODELS[name](tiny_dataset(), num_neighbors=5)
    assert len(list(tmp_path.iterdir())) == 4

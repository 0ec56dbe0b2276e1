import contextlib
import io
import resource

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.graphs import cache
from camgr_tf.graphs.cache import cache_folder
from camgr_tf.graphs.cache import keep_neighbors
from camgr_tf.graphs.cache import read_neighbors
from camgr_tf.graphs.semantic import cached_neighbors
from camgr_tf.ranking.neighbors import nearest_neighbors
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


def test_without_a_home_nothing_is_cached(monkeypatch):
    monkeypatch.delenv("CAMGR_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def nobody(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(cache.Path, "expanduser", nobody)
    with pytest.warns(UserWarning, match="not cached: .*home directory"):
        assert cache_folder() is None


FEATURES = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")
NEIGHBORS = nearest_neighbors(FEATURES, 3)


def neighbors(folder):
    return cached_neighbors(FEATURES, 3, cache_dir=folder)


def assert_right(found):
    for array, expected in zip(found, NEIGHBORS):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype


def archive(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


INDICES, SIMILARITIES = NEIGHBORS


@pytest.mark.parametrize("content", [
    b"",
    b"PK",
    b"no archive at all",
    archive(),
    archive(indices=INDICES),
    archive(indices=INDICES[:5], similarities=SIMILARITIES[:5]),
    archive(indices=INDICES + 12, similarities=SIMILARITIES),
    archive(indices=INDICES - 12, similarities=SIMILARITIES),
    archive(indices=INDICES / 2, similarities=SIMILARITIES),
    archive(indices=np.array([None]), similarities=SIMILARITIES),
    archive(indices=INDICES, similarities=SIMILARITIES)[:300],
])  # fmt: skip
def test_what_is_no_graph_is_computed_again_and_replaced(content, tmp_path):
    neighbors(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="cannot be read .*computed again"):
        assert_right(neighbors(tmp_path))
    assert_right(read_neighbors(path, (12, 3)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "neighbors.npz"
    keep_neighbors(path, *NEIGHBORS)
    return path, path.read_bytes()


@given(data=st.data())
@pytest.mark.filterwarnings("ignore:The item graph")
def test_a_damaged_file_is_read_right_or_not_at_all(kept, data):
    path, whole = kept
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    if damaged and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    found = read_neighbors(path, (12, 3))
    if found is not None:
        assert_right(found)


def test_a_folder_in_the_file_s_place_is_passed_by(tmp_path):
    neighbors(tmp_path)
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()
    with pytest.warns(UserWarning) as warned:
        assert_right(neighbors(tmp_path))
    read, written = (str(warning.message) for warning in warned)
    assert "cannot be read" in read and "is not cached" in written


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_a_folder_that_cannot_be_written_is_warned_of(
    error, tmp_path, monkeypatch
):
    @contextlib.contextmanager
    def refuse(path):
        raise error("not here")
        yield

    monkeypatch.setattr(cache, "staged_file", refuse)
    with pytest.warns(UserWarning, match="is not cached in .*not here"):
        assert_right(neighbors(tmp_path))


def test_a_disk_that_is_full_is_warned_of(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        with pytest.warns(UserWarning, match="is not cached in .*CAMGR_CACHE"):
            found = neighbors(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_right(found)
    assert list(tmp_path.iterdir()) == []


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

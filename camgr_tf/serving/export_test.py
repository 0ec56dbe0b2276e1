import pytest

from camgr_tf.serving.export import export


def test_all_kinds(small_camgr, tmp_path, recwarn):
    pytest.importorskip("faiss", reason="needs the extra `index`")
    paths = export(small_camgr, tmp_path, k=5, progress=False)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "saved_model/1",
        "users.parquet",
        "items.parquet",
        "items.faiss",
        "recommendations.parquet",
    ]
    assert all(path.exists() for path in paths)


def test_an_unknown_kind(small_camgr, tmp_path):
    with pytest.raises(ValueError, match=r"Received: \('onnx',\)"):
        export(small_camgr, tmp_path, ("onnx",))
    with pytest.raises(ValueError, match="Received: 'vectors'"):
        export(small_camgr, tmp_path, "vectors")
    with pytest.raises(ValueError, match=r"Received: \(\)"):
        export(small_camgr, tmp_path, ())


@pytest.mark.parametrize("k", [0, 25, 5.0, True])
def test_an_impossible_length_is_refused_before_anything_is_written(
    small_camgr, tmp_path, k
):
    with pytest.raises(ValueError, match=r"in 1\.\.24.*Received: k="):
        export(small_camgr, tmp_path / "out", k=k)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["saved_model/1", "users.parquet", "recommendations.parquet"]
)
def test_what_is_in_the_way_is_said_before_anything_is_written(
    small_camgr, tmp_path, name
):
    pytest.importorskip("faiss", reason="needs the extra `index`")
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(OSError, match=name):
        export(small_camgr, tmp_path, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == [name.split("/")[0]]


def test_a_file_in_place_of_the_folder(small_camgr, tmp_path):
    (tmp_path / "out").write_text("mine")
    for folder in (tmp_path / "out", tmp_path / "out" / "below"):
        with pytest.raises(NotADirectoryError, match="out is a file"):
            export(small_camgr, folder, ("vectors",))

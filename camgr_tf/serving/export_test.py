import pytest

from camgr_tf.serving.export import export
from camgr_tf.serving.export import main


def test_the_command_writes_what_was_asked_for(small_run, tmp_path, recwarn):
    main([str(small_run("camgr")), str(tmp_path), "--only", "vectors"])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["items.parquet", "users.parquet"]


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
    with pytest.raises(ValueError, match=r"Received: \['onnx'\]"):
        export(small_camgr, tmp_path, ("onnx",))

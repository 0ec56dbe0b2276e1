import pytest

from camgr_tf.config import resolve_config
from camgr_tf.training.ray_training import train_on_ray
from camgr_tf.training.run_claim import RunInUseError
from camgr_tf.training.run_claim import claimed_run


@pytest.mark.parametrize("overwrite", [False, True])
def test_workers_are_not_started_for_a_run_that_is_trained(
    overwrite, tmp_path, monkeypatch
):
    ray = pytest.importorskip("ray", reason="needs the extra `cluster`")
    monkeypatch.setattr(ray, "init", None)
    config = resolve_config(dataset="demo", model="camgr")
    checkpoint = tmp_path / config.run_id / "checkpoint.npz"
    with claimed_run(checkpoint.parent):
        checkpoint.write_text("kept")
        with pytest.raises(RunInUseError, match="is being trained by process"):
            train_on_ray(config, 2, tmp_path, overwrite=overwrite)
    assert checkpoint.read_text() == "kept"


def test_workers_are_not_started_for_a_model_that_cannot_be_divided(
    tmp_path, monkeypatch
):
    ray = pytest.importorskip("ray", reason="needs the extra `cluster`")
    monkeypatch.setattr(ray, "init", None)
    config = resolve_config(dataset="demo", model="mf")
    with pytest.raises(ValueError, match="MF cannot be trained by several"):
        train_on_ray(config, 2, tmp_path)
    assert not list(tmp_path.iterdir())

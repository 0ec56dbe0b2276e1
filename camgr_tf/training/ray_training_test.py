import pytest

from camgr_tf.config import resolve_config
from camgr_tf.training.ray_training import train_on_ray
from camgr_tf.training.run_claim import RunInUseError
from camgr_tf.training.run_claim import claimed_run


@pytest.mark.cluster
def test_workers_do_not_overwrite_a_run_that_is_trained(tmp_path):
    pytest.importorskip("ray", reason="needs the extra `cluster`")
    config = resolve_config(dataset="demo", model="camgr")
    checkpoint = tmp_path / config.run_id / "checkpoint.npz"
    with claimed_run(checkpoint.parent):
        checkpoint.write_text("kept")
        with pytest.raises(RunInUseError, match="is being trained by process"):
            train_on_ray(config, 2, tmp_path, overwrite=True)
    assert checkpoint.read_text() == "kept"

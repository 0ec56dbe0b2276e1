import pytest

from camgr_tf.experiments import gpu_share
from camgr_tf.training.ray_worker import gpu_environment
from camgr_tf.training.ray_worker import implementation


@pytest.mark.parametrize(
    "gpus, environment, way",
    [
        (0, {"CUDA_VISIBLE_DEVICES": "-1"}, "AUTO"),
        (1, {}, "AUTO"),
        # Half, less 1,000 for CUDA.
        (0.5, {"CAMGR_GPU_MEMORY_MB": "39000"}, "RING"),
    ],
)
def test_a_worker_takes_the_gpu_that_it_has(
    gpus, environment, way, monkeypatch
):
    monkeypatch.delenv("CAMGR_GPU_MEMORY_MB", raising=False)
    monkeypatch.setattr(gpu_share, "gpu_memory_mb", lambda: 80_000)
    assert gpu_environment(gpus) == environment
    assert implementation(gpus) == way

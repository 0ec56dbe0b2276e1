import pytest

pytest.importorskip("ray.train", reason="needs the extra `cluster`")

from camgr_tf.training.worker_resources import scaling_config  # noqa: E402


@pytest.mark.parametrize(
    "asked, num_gpus, gpus",
    [
        (None, 0, 0),
        (None, 2, 1),
        (None, 8, 1),
        (0, 8, 0),
        (0.5, 1, 0.5),
        # Of a cluster that starts machines as they are asked for.
        (1, 0, 1),
    ],
)
def test_a_worker_has_one_gpu_where_there_are_some(asked, num_gpus, gpus):
    config = scaling_config(2, 3, asked, num_gpus)
    assert config.num_workers == 2
    assert config.use_gpu == (gpus > 0)
    assert config.resources_per_worker == {"CPU": 3, "GPU": gpus}


@pytest.mark.parametrize(
    "asked, num_gpus, message",
    [
        (None, 3, "4 workers .* that has 3: .* 0.5 to share them or 0"),
        (2, 8, "`gpus_per_worker` must be one GPU.* Received: .*=2"),
        (-0.5, 8, "Received: gpus_per_worker=-0.5"),
    ],
)
def test_wrong_numbers_of_gpus(asked, num_gpus, message):
    with pytest.raises(ValueError, match=message):
        scaling_config(4, gpus_per_worker=asked, num_gpus=num_gpus)

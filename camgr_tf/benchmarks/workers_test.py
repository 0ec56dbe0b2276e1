import pytest

from camgr_tf.benchmarks import workers
from camgr_tf.benchmarks.workers import measure_workers
from camgr_tf.serving.conftest import small_root

__all__ = ["small_root"]


def test_pairs_of_an_epoch_behind_the_first(small_root, monkeypatch):
    asked = []

    def train_on_ray(config, num_workers, folder, **options):
        asked.append((config.sampling, num_workers, options))
        workers.train(config, folder, progress=False)

    monkeypatch.setattr(workers, "train_on_ray", train_on_ray)
    arguments = {"model": "lightgcn", "batch_size": 15, "repeats": 2}
    here = measure_workers("small", str(small_root), **arguments)
    there = measure_workers(
        "small",
        str(small_root),
        sampling="neighbors",
        executor="ray",
        num_workers=2,
        threads=3,
        **arguments,
    )
    assert asked == [
        ("neighbors", 2, {"progress": False, "cpus_per_worker": 3})
    ]
    assert [row["workers"] for row in (here, there)] == [1, 2]
    for row in (here, there):
        assert row["train_pairs"] > 15
        assert row["pairs_per_second"] * row["epoch_seconds"] == pytest.approx(
            row["train_pairs"]
        )

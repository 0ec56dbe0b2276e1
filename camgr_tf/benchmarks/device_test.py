import pytest
import tensorflow as tf

from camgr_tf.benchmarks import device
from camgr_tf.benchmarks import rates
from camgr_tf.benchmarks import timing
from camgr_tf.device import has_gpu


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """The paths of a GPU, with small operands."""
    for module in (device, rates, timing):
        monkeypatch.setattr(module, "has_gpu", lambda: True)
    monkeypatch.setattr(rates, "COPIED_NUMBERS", 1000)
    monkeypatch.setattr(rates, "MATRIX_SIZE", 32)


def test_a_row_of_the_paths_of_a_gpu(as_on_a_gpu):
    row = device.measure_device(repeats=1)
    assert row.pop("device")
    assert all(value > 0 for value in row.values())
    # What tests, and training, compute with is as it was.
    assert not tf.config.experimental.tensor_float_32_execution_enabled()


def test_bandwidth_counts_what_is_read_and_written(as_on_a_gpu, monkeypatch):
    monkeypatch.setattr(rates, "_fastest", lambda call, repeats: call() or 0.5)
    # 1000 numbers of 4 bytes, forth and back, in half a second.
    assert rates.memory_bandwidth(1) == 16_000
    # 2 * 32^3 operations in half a second.
    assert rates.matrix_rate() == 4 * 32**3


@pytest.mark.skipif(has_gpu(), reason="a GPU is there")
def test_a_processor_has_no_tf32(monkeypatch):
    monkeypatch.setattr(rates, "COPIED_NUMBERS", 1000)
    monkeypatch.setattr(rates, "MATRIX_SIZE", 32)
    row = device.measure_device(repeats=1)
    assert row["tf32_operations_per_second"] is None
    assert row["bytes_per_second"] > 0 and row["start_seconds"] > 0


@pytest.mark.gpu
def test_a_gpu_is_faster_than_its_own_bus():
    # 50 GB/s would be the copies to and from the processor.
    row = device.measure_device()
    assert row["bytes_per_second"] > 2e11
    assert row["operations_per_second"] > 1e12
    assert row["tf32_operations_per_second"] > row["operations_per_second"]

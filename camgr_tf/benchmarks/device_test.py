import pytest
import tensorflow as tf

from camgr_tf.benchmarks import device
from camgr_tf.benchmarks import rates
from camgr_tf.benchmarks import timing
from camgr_tf.device import has_gpu

UNTRACED = rates.copy_repeatedly.python_function


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """The paths of a GPU, with small operands."""
    for module in (device, rates, timing):
        monkeypatch.setattr(module, "has_gpu", lambda: True)
    monkeypatch.setattr(rates, "COPIED_NUMBERS", 1000)
    monkeypatch.setattr(rates, "MATRIX_SIZE_OF_GPU", 32)
    # A loop is traced once for a shape.
    monkeypatch.setattr(rates, "COPIES_OF_GPU", 3)
    monkeypatch.setattr(rates, "copy_repeatedly", tf.function(UNTRACED))


def test_a_row_of_the_paths_of_a_gpu(as_on_a_gpu):
    row = device.measure_device(repeats=1)
    assert row.pop("device")
    assert all(value > 0 for value in row.values())


@pytest.mark.parametrize("before", [False, True])
def test_products_are_measured_without_and_with_tf32(
    as_on_a_gpu, monkeypatch, before
):
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    enable = tf.config.experimental.enable_tensor_float_32_execution
    monkeypatch.setattr(
        device, "matrix_rate", lambda repeats: 2.0 if enabled() else 1.0
    )
    enable(before)
    try:
        row = device.measure_device(repeats=1)
        # What the process computes with is as it was.
        assert enabled() == before
    finally:
        enable(False)
    assert row["operations_per_second"] == 1.0
    assert row["tf32_operations_per_second"] == 2.0


def test_bandwidth_counts_what_is_read_and_written(as_on_a_gpu, monkeypatch):
    monkeypatch.setattr(rates, "_fastest", lambda call, repeats: call() or 0.5)
    # 1000 numbers of 4 bytes, forth and back three times, in half a second.
    assert rates.memory_bandwidth(1) == 48_000
    # 2 * 32^3 operations in half a second.
    assert rates.matrix_rate() == 4 * 32**3


def test_copies_are_made_one_after_the_other(as_on_a_gpu):
    copied = rates.copy_repeatedly(tf.constant([8.0, 16.0]))
    assert copied.numpy().tolist() == [1.0, 2.0]


@pytest.mark.skipif(has_gpu(), reason="a GPU is there")
def test_a_processor_has_no_tf32(monkeypatch):
    monkeypatch.setattr(rates, "COPIED_NUMBERS", 1000)
    monkeypatch.setattr(rates, "MATRIX_SIZE", 32)
    row = device.measure_device(repeats=1)
    assert row["tf32_operations_per_second"] is None
    assert row["bytes_per_second"] > 0 and row["start_seconds"] > 0


@pytest.mark.gpu
def test_a_gpu_is_faster_than_its_own_bus():
    # 50 GB/s would be the copies to and from the processor, 500 the first
    # copy with the way to the GPU and back.
    row = device.measure_device()
    assert row["bytes_per_second"] > 1e12
    assert row["operations_per_second"] > 1e12
    assert row["tf32_operations_per_second"] > row["operations_per_second"]

import numpy as np
import pytest

from camgr_tf.benchmarks import operations
from camgr_tf.benchmarks.operations import OPERATIONS
from camgr_tf.benchmarks.operations import measure_operation
from camgr_tf.losses import info_nce
from camgr_tf.testing import tiny_dataset


def test_floors_by_hand():
    dataset = tiny_dataset()
    floors = {
        name: measure_operation(
            dataset, name, batch_size=12, embedding_dim=8, repeats=1
        )["floor_operations"]
        for name in OPERATIONS
    }
    # Each of the 17 training pairs is an edge both ways; forth and back.
    edges = 2 * 17
    assert floors["graph"] == 2 * 2 * edges * 8
    assert floors["graph of all modalities"] == 2 * 2 * edges * 8 * 2
    # Logits, and the gradients of queries and of keys: 12 by 12 by 8 each.
    assert floors["contrast"] == 3 * 2 * 12 * 12 * 8


def test_refuses_an_unknown_operation():
    with pytest.raises(ValueError, match="must be one of .* operation='sum'"):
        measure_operation(tiny_dataset(), "sum")


def test_the_simple_ways_compute_the_same():
    rng = np.random.default_rng(0)
    queries, keys = (rng.normal(size=(7, 4)).astype("float32") for _ in "qk")
    np.testing.assert_allclose(
        operations._simple_info_nce(queries, keys),
        info_nce(queries, keys, operations.TEMPERATURE),
        rtol=1e-5,
    )

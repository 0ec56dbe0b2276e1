import pytest

from camgr_tf.benchmarks.sampler import made_up_sampler
from camgr_tf.benchmarks.sampler import measure_sampler


def test_each_user_is_drawn_once_and_the_checksum_is_of_what_was_drawn():
    def measured(**options):
        return measure_sampler(200, 1400, batch_size=64, **options)

    row = measured()
    assert row["subgraphs"] == 4
    assert row["seeds_per_second"] * row["sampler_seconds"] == pytest.approx(
        200
    )
    assert row["worker_memory_mb"] is None
    assert measured()["checksum"] == row["checksum"]
    assert measured(fanouts=(10, 4))["checksum"] != row["checksum"]
    # With all neighbors there is nothing to draw: the whole graph, four times.
    whole = measured(fanouts=(1000,))
    assert whole["edges"] > row["edges"]


def test_the_graph_has_each_pair_in_both_directions():
    matrix = made_up_sampler(30, 60, 200, (5,), 0).pairs
    assert matrix.nnz == 400
    assert (matrix != matrix.T).nnz == 0
    assert matrix[:30, :30].nnz == 0


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="Received: 90 pairs of 20 users"):
        measure_sampler(20, 90)

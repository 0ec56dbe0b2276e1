from camgr_tf.ranking.shards import shard_bounds


def test_even_shards():
    assert shard_bounds(10, 1) == [(0, 10)]
    assert shard_bounds(10, 3) == [(0, 3), (3, 6), (6, 10)]


def test_first_rows_are_multiples_where_there_are_enough():
    # Blocks of 4 rows begin at 0, 4 and 8.
    assert shard_bounds(10, 2, 4) == [(0, 4), (4, 10)]
    assert shard_bounds(10, 3, 4) == [(0, 4), (4, 8), (8, 10)]
    assert shard_bounds(10, 4, 4) == [(0, 2), (2, 5), (5, 7), (7, 10)]


def test_no_shard_is_empty():
    assert shard_bounds(2, 7) == [(0, 1), (1, 2)]

import numpy as np
import pytest

from camgr_tf.data.interactions import Interactions
from camgr_tf.data.statistics import count_degrees
from camgr_tf.data.statistics import degree_distribution
from camgr_tf.data.statistics import summarize_interactions

_TOY = Interactions(
    num_users=3,
    num_items=4,
    train=np.array([[0, 0], [0, 1], [1, 0]], np.int32),
    validation=np.array([[0, 2]], np.int32),
    test=np.array([[1, 2], [1, 3]], np.int32),
    split="file",
    split_seed=None,
)


def test_summary():
    assert summarize_interactions(_TOY) == {
        "users": 3,
        "items": 4,
        "interactions": 6,
        "density": 0.5,  # 6 of 3 * 4
        "train": 3,
        "validation": 1,
        "test": 2,
    }


def test_degrees():
    user_degrees, item_degrees = count_degrees(_TOY)
    assert user_degrees.tolist() == [3, 3, 0]
    assert item_degrees.tolist() == [2, 1, 2, 1]
    user_degrees, item_degrees = count_degrees(_TOY, ("train",))
    assert user_degrees.tolist() == [2, 1, 0]
    assert item_degrees.tolist() == [2, 1, 0, 0]


@pytest.mark.parametrize("parts", [("training",), "train"])
def test_unknown_part(parts):
    message = "`parts` must be a tuple of train, validation, test. Received: "
    with pytest.raises(ValueError, match=message):
        count_degrees(_TOY, parts)


def test_degree_distribution():
    table = degree_distribution(np.array([3, 0, 1, 1, 1]))
    assert table["degree"].tolist() == [0, 1, 3]
    assert table["nodes"].tolist() == [1, 3, 1]
    # All five, four of five, one of five.
    np.testing.assert_allclose(table["share_at_least"], [1.0, 0.8, 0.2])

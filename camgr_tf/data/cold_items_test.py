import numpy as np
import pandas as pd
import pytest

from camgr_tf.data.cold_items import hold_out_items
from camgr_tf.data.dataset import load_dataset
from camgr_tf.data.dataset_folder import write_dataset

ITEMS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3])
LABELS = np.array([0, 1, 2, 0, 0, 2, 0, 1, 1, 2])


def test_all_rows_of_a_cold_item_are_for_test():
    labels = hold_out_items(ITEMS, LABELS, seed=0, fraction=0.34)
    # Items 0, 1 and 2 have training rows: a third of them is one item.
    moved = {i for i in range(3) if (labels[ITEMS == i] == 2).all()}
    assert len(moved) == 1
    others = ~np.isin(ITEMS, list(moved))
    assert labels[others].tolist() == LABELS[others].tolist()


def test_the_seed_decides_which():
    drawn = {
        tuple(hold_out_items(ITEMS, LABELS, seed, 0.34)) for seed in range(20)
    }
    assert len(drawn) == 3
    again = [hold_out_items(ITEMS, LABELS, 5, 0.34).tolist() for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_fraction_out_of_range(fraction):
    with pytest.raises(ValueError, match="above 0 and below 1. Received"):
        hold_out_items(ITEMS, LABELS, 0, fraction)


def test_seed_out_of_range():
    with pytest.raises(ValueError, match="Received: split_seed=-1"):
        hold_out_items(ITEMS, LABELS, -1)


def test_a_data_set_is_loaded_with_cold_items(tmp_path):
    rows = [
        (user, item, label)
        for user in range(8)
        for item, label in zip(range(10), [0] * 8 + [1, 2])
    ]
    (tmp_path / "ten").mkdir()
    write_dataset(
        tmp_path / "ten",
        "ten",
        pd.DataFrame(rows, columns=["userID", "itemID", "x_label"]),
        {"text": np.eye(10)},
        {},
        pd.DataFrame({"original_id": [f"i{i}" for i in range(10)]}),
        pd.DataFrame({"original_id": [f"u{u}" for u in range(8)]}),
    )
    plain = load_dataset("ten", tmp_path, ("text",))
    cold = load_dataset("ten", tmp_path, ("text",), "cold_items", 3)
    interactions = cold.interactions
    assert (interactions.split, interactions.split_seed) == ("cold_items", 3)
    # Of eight trained items 20 % are two (1.6, rounded).
    trained = set(interactions.train[:, 1])
    assert len(trained) == 6
    held_out = set(interactions.test[:, 1]) - trained - {9}
    assert len(held_out) == 2
    assert len(interactions.test) == 8 + 2 * 8
    np.testing.assert_array_equal(
        interactions.validation, plain.interactions.validation
    )
    assert cold.content_hash != plain.content_hash

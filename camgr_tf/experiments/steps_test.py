import numpy as np
import pandas as pd
import pytest

from camgr_tf.experiments.steps import train_steps
from camgr_tf.graphs import semantic_matrix
from camgr_tf.research.fusions import MeanOfModalities
from camgr_tf.testing import tiny_dataset
from camgr_tf.testing import write_tiny_folder


def test_one_neighbor_is_no_item_graph():
    features = np.array([[1, 0], [0, 2], [3, 4], [1, 0.1]], "float32")
    assert (semantic_matrix(features, 1).toarray() == np.eye(4)).all()


def test_without_graphs_an_item_is_its_id_and_its_gated_behavior():
    arguments = dict(num_layers=0, num_modal_layers=0, num_neighbors=1)
    model = MeanOfModalities(tiny_dataset(), embedding_dim=8, **arguments)
    _, items = model.embed()
    purified = [np.asarray(h) for h in model.purify(model.graphs).values()]
    expected = np.asarray(model.item_table) + np.mean(purified, axis=0)
    np.testing.assert_allclose(items, expected, atol=1e-6)


def test_steps_up_to_one_are_trained_once(tmp_path):
    write_tiny_folder(tmp_path)
    shared = dict(dataset="tiny", data_root=str(tmp_path), max_epochs=1)
    shared |= dict(embedding_dim=8, min_epochs=0)
    table = train_steps("+ purification", tmp_path / "runs", **shared)
    assert table.index.tolist() == ["MF", "+ purification"]
    assert table["epochs"].tolist() == [1, 1]
    first, second = table["recall@20"]
    assert table["gain"].iloc[1] == second - first
    # Loaded: the seconds of training are the same.
    again = train_steps("+ purification", tmp_path / "runs", **shared)
    pd.testing.assert_frame_equal(again, table)
    with pytest.raises(ValueError, match="Received: 'fusion'"):
        train_steps("fusion", tmp_path, **shared)

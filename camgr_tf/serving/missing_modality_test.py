import numpy as np
import pytest

from camgr_tf.serving.missing_modality import evaluate_missing_modality
from camgr_tf.serving.missing_modality import without_rows
from camgr_tf.training.saved_runs import load_run


def test_nothing_dropped_is_the_run_itself(small_camgr):
    run = small_camgr.run
    table = evaluate_missing_modality(run, fractions=(0.0, 0.5, 1.0))
    assert table["modality"].tolist() == ["image"] * 3 + ["text"] * 3
    assert table["dropped"].tolist() == [0, 12, 24] * 2
    for row in (0, 3):
        assert table["recall@20"][row] == pytest.approx(
            run.metrics["test"]["recall@20"]
        )
    # All rows of a modality equal: other lists.
    assert table["ndcg@5"].nunique() > 1


def test_dropped_rows_get_the_mean_of_the_others(small_camgr):
    run = small_camgr.run
    features = run.dataset.features["text"]
    model = without_rows(run, "text", np.array([3, 7]))
    expected = np.delete(features, [3, 7], axis=0).mean(axis=0)
    received = np.asarray(model.features["text"])
    np.testing.assert_allclose(received[3], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(received[4], features[4])
    np.testing.assert_array_equal(
        np.asarray(model.user_table), np.asarray(run.model.user_table)
    )


def test_trained_features_are_dropped_too(small_run):
    run = load_run(small_run("mgcn"))
    table = np.asarray(run.model.feature_tables["image"])
    assert np.abs(table - run.dataset.features["image"]).max() > 1e-5
    model = without_rows(run, "image", np.array([5]))
    received = np.asarray(model.feature_tables["image"])
    np.testing.assert_allclose(
        received[5], np.delete(table, 5, axis=0).mean(axis=0), rtol=1e-4
    )
    np.testing.assert_array_equal(received[6], table[6])


def test_a_fraction_out_of_range(small_camgr):
    with pytest.raises(ValueError, match=r"Received: fractions=\(0.1, 1.2\)"):
        evaluate_missing_modality(small_camgr.run, fractions=(0.1, 1.2))

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from camgr_tf.models import CAmgr
from camgr_tf.reporting.purification_plot import plot_purification
from camgr_tf.reporting.purification_plot import sample_states
from camgr_tf.testing import tiny_dataset


def test_the_same_items_are_shown_before_and_after():
    dataset = tiny_dataset()
    model = CAmgr(dataset, num_neighbors=3)
    run = SimpleNamespace(dataset=dataset, model=model, folder=Path("run"))
    before, after = sample_states(run, "image", num_items=5).values()
    assert before.shape == (5, 5) and after.shape == (5, 64)
    features = dataset.features["image"]
    items = [int(np.argmin(abs(features - row).sum(1))) for row in before]
    assert len(set(items)) == 5
    purified = np.asarray(model.purify(model.graphs)["image"])
    np.testing.assert_allclose(after, purified[items])
    # No more items than there are.
    assert len(sample_states(run, "text")["text, purified"]) == 9
    with pytest.raises(ValueError, match="modality='audio'"):
        sample_states(run, "audio")


def test_a_run_of_another_machine_cannot_be_drawn(make_results, tmp_path):
    result = make_results("table2", {"CAmgr": 0.2})
    for run in tmp_path.glob("tiny-camgr-*"):
        shutil.rmtree(run)
    assert plot_purification([result], "image", tmp_path) is None

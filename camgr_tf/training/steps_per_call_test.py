import numpy as np
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.device import has_gpu
from camgr_tf.training import runs
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.sampling_test import INTERACTIONS


def _train(model, root, output_root):
    given = resolve_config(
        dataset="small",
        data_root=str(root),
        model=model,
        # Two calls of two steps, and one of a short step.
        batch_size=33,
        max_epochs=2,
        embedding_dim=8,
    )
    return runs.train(given, output_root, progress=False)


# With masks that each step draws, and without.
@pytest.mark.parametrize("model", ["bm3", "mf"])
def test_several_steps_a_call_give_the_same_numbers(
    model, small_root, tmp_path, monkeypatch
):
    one = _train(model, small_root, tmp_path / "one")
    monkeypatch.setattr(runs, "steps_per_call", lambda: 2)
    several = _train(model, small_root, tmp_path / "several")
    assert several.model.rows_per_step == 33
    for name in one.history:
        if "seconds" not in name:
            # A loop's body may be fused in another way.
            np.testing.assert_allclose(
                several.history[name], one.history[name], rtol=1e-5
            )
    for a, b in zip(one.model.weights, several.model.weights):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_call_holds_the_rows_of_its_steps():
    single = TrainingBatches(INTERACTIONS, batch_size=5, seed=1)
    joined = TrainingBatches(INTERACTIONS, 5, seed=1, steps_per_call=3)
    assert (len(single), len(joined)) == (4, 2)
    for name in ("user_ids", "positive_item_ids", "negative_item_ids"):
        rows = [single[k][name] for k in range(4)]
        first, second = joined[0][name], joined[1][name]
        assert first.tolist() == np.concatenate(rows[:3]).tolist()
        assert second.tolist() == rows[3].tolist()


def test_a_processor_takes_one_step_a_call():
    assert (runs.steps_per_call() == 1) != has_gpu()

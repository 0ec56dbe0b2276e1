import numpy as np
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.training.callbacks import Checkpoint
from camgr_tf.training.runs import train
from camgr_tf.training.state import load_arrays


def sampled_config(root, **parameters):
    given = {"model": "lightgcn", "max_epochs": 3, "batch_size": 16}
    return resolve_config(
        dataset="small",
        data_root=str(root),
        sampling="neighbors",
        **{**given, **parameters},
    )


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("lightgcn", {}),
        ("mgcn", {"num_neighbors": 3}),
        ("camgr", {"num_neighbors": 3}),
    ],
)
def test_training_on_sampled_neighbors(small_root, tmp_path, model, parameters):
    config = sampled_config(
        small_root, model=model, fanouts="3,2", **parameters
    )
    run = train(config, tmp_path, progress=False)
    assert run.history["loss"].iloc[-1] < run.history["loss"].iloc[0]
    assert np.isfinite(run.metrics["test"]["recall@20"])
    # The file's rows, mapped, and the embeddings of the whole graph.
    assert isinstance(run.dataset.features["text"].base, np.memmap)
    assert run.config.fanouts == (3, 2)


def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    small_root, tmp_path, monkeypatch
):
    whole = train(sampled_config(small_root), tmp_path / "a", progress=False)
    write = Checkpoint.on_epoch_end

    def stop(self, epoch, logs=None):
        write(self, epoch, logs)
        if epoch == 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", stop)
        with pytest.raises(KeyboardInterrupt):
            train(sampled_config(small_root), tmp_path / "b", progress=False)
    again = train(sampled_config(small_root), tmp_path / "b", progress=False)
    assert again.metrics["test"] == whole.metrics["test"]
    first, second = (
        load_arrays(run.folder / "weights.npz")[0] for run in (whole, again)
    )
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": "bm3"}, "bm3 has no training on sampled neighbors"),
        ({"model": "camgr_paper"}, "camgr_paper has no training on sampled"),
        ({"fanouts": "10,x"}, "`fanouts` must be an integer.*Received.*'x'"),
        ({"fanouts": [5, 0]}, "`fanouts` must be an integer, positive"),
        ({"fanouts": []}, "at least one number"),
    ],
)
def test_what_cannot_be_sampled_is_refused(small_root, parameters, message):
    with pytest.raises(ValueError, match=message):
        sampled_config(small_root, **parameters)


def test_another_way_of_sampling_is_refused():
    with pytest.raises(ValueError, match="`sampling` must be 'neighbors'"):
        resolve_config(model="lightgcn", sampling="edges")

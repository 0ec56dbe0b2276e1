import keras
import numpy as np
import pytest

from camgr_tf.training.state import assign_arrays
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import model_weights
from camgr_tf.training.state import save_arrays
from camgr_tf.training.state import training_state


def small_model():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, name="a")], name="small"
    )
    model.add(keras.layers.Dropout(0.5, seed=1))
    return model


def test_arrays_and_description_round_trip(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.arange(3)}, {"epoch": 2, "best": None})
    arrays, description = load_arrays(path)
    assert list(arrays) == ["x"]
    np.testing.assert_array_equal(arrays["x"], [0, 1, 2])
    assert description == {"epoch": 2, "best": None}


@pytest.mark.parametrize("kept", [0, 10, 100, 200])
def test_a_file_cut_short_is_named(tmp_path, kept):
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.arange(30)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match="a.npz is cut short"):
        load_arrays(path)


def test_objects_are_never_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="a.npz"):
        load_arrays(path)


def test_weights_fill_an_equal_model(tmp_path):
    first, second = small_model(), small_model()
    arrays = {n: np.asarray(v) + 1 for n, v in model_weights(first).items()}
    assign_arrays(model_weights(second), arrays, "w.npz")
    np.testing.assert_array_equal(
        second.layers[0].kernel, np.asarray(first.layers[0].kernel) + 1
    )


def test_what_does_not_fit_changes_nothing():
    model = small_model()
    before = np.asarray(model.layers[0].kernel).copy()
    weights = model_weights(model)
    arrays = {name: np.zeros(v.shape) for name, v in weights.items()}
    kernel = next(name for name in arrays if name.endswith("kernel"))
    wrong = {**arrays, kernel: np.zeros((9, 2))}
    with pytest.raises(ValueError, match=r"shape \(9, 2\).* \(3, 2\)"):
        assign_arrays(weights, wrong, "w.npz")
    with pytest.raises(ValueError, match="w.npz does not fit .*left over"):
        assign_arrays(weights, {**arrays, "more": np.zeros(1)}, "w.npz")
    del arrays[kernel]
    with pytest.raises(ValueError, match="missing"):
        assign_arrays(weights, arrays, "w.npz")
    np.testing.assert_array_equal(model.layers[0].kernel, before)


def test_training_state_has_weights_random_state_and_moments():
    model = small_model()
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    names = list(training_state(model, optimizer))
    assert sum("seed" in name for name in names) == 1
    assert sum("momentum" in name for name in names) == 2
    assert sum("velocity" in name for name in names) == 2
    assert sum("iteration" in name for name in names) == 1
    assert len(names) == len(set(names))

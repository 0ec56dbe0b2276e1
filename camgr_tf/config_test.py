import dataclasses
import hashlib
import inspect
import json

import numpy as np
import pytest

from camgr_tf.config import ExperimentConfig
from camgr_tf.config import default_batch_size
from camgr_tf.config import model_arguments
from camgr_tf.config import parameters_hash
from camgr_tf.config import resolve_config
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset

FIELDS = {f.name for f in dataclasses.fields(ExperimentConfig)}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_defaults_equal_the_constructors(name):
    config = resolve_config(model=name)
    for argument, default in model_arguments(name).items():
        if argument not in FIELDS:
            assert config.model_parameters[argument] == default
    for field, value in MODELS[name].training_defaults.items():
        assert getattr(config, field) == value


@pytest.mark.parametrize("name", sorted(MODELS))
def test_presets_and_search_spaces_hold_known_names(name):
    model = MODELS[name]
    known = FIELDS | set(model_arguments(name))
    assert set(model.search_space) <= known
    for preset in model.presets:
        resolve_config(model=name, preset=preset)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_constructor_argument_has_a_default(name):
    defaults = model_arguments(name)
    assert inspect.Parameter.empty not in defaults.values()


def test_what_is_given_beats_the_preset_and_the_preset_the_model():
    assert resolve_config(model="bm3").learning_rate == 0.001
    config = resolve_config(model="bm3", preset="sports")
    assert config.model_parameters["l2_weight"] == 0.01
    config = resolve_config(model="bm3", preset="sports", l2_weight=0.5)
    assert config.model_parameters["l2_weight"] == 0.5


def test_none_counts_as_not_given():
    assert resolve_config(model="mf", l2_weight=None) == resolve_config(
        model="mf"
    )


def test_a_shared_name_reaches_model_and_training():
    config = resolve_config(model="mgcn", batch_size=7, seed=3)
    assert config.batch_size == 7 and config.seed == 3
    assert config.model_parameters["batch_size"] == 7
    assert config.model_parameters["seed"] == 3


def test_a_parameter_of_another_model_is_refused():
    with pytest.raises(ValueError, match="'mf' has no parameter num_layers"):
        resolve_config(model="mf", num_layers=2)


def test_a_misspelled_parameter_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="mean .embedding_dim.*It has"):
        resolve_config(model="mf", embeding_dim=3)


def test_an_unknown_model_and_preset_name_those_there_are():
    with pytest.raises(ValueError, match="one of .*'camgr'.*model='x'"):
        resolve_config(model="x")
    with pytest.raises(ValueError, match="'baby'.*preset='x'"):
        resolve_config(model="bm3", preset="x")


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("batch_size", 0, "positive"),
        ("batch_size", 2.5, "positive"),
        ("max_epochs", True, "positive"),
        ("patience", -1, "0 or more"),
        ("seed", "one", "0 or more"),
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
        ("learning_rate", "fast", "above 0"),
        ("coupled_weight_decay", -1.0, "0 or more"),
    ],
)
def test_values_out_of_range(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}` must be .*{expected}"):
        resolve_config(model="mf", **{name: value})


def test_modalities_as_text_or_sequence():
    config = resolve_config(modalities="image, text")
    assert config.modalities == ("image", "text")
    assert resolve_config(modalities=["image", "text"]) == config
    with pytest.raises(ValueError, match="at least one modality"):
        resolve_config(modalities=[])


def test_run_ids_differ_with_any_value_but_the_place_of_the_data():
    base = resolve_config(model="mf")
    assert base.run_id.startswith("demo-mf-seed0-")
    assert resolve_config(model="mf", data_root="/x").run_id == base.run_id
    assert resolve_config(model="mf", l2_weight=0.2).run_id != base.run_id
    named = resolve_config(model="bm3", preset="baby", seed=2)
    assert named.run_id.startswith("demo-bm3-baby-seed2-")


def test_the_flat_form_resolves_to_the_same_configuration():
    config = resolve_config(model="mmgcn", preset=None, seed=4, patience=3)
    assert resolve_config(**config.to_dict()) == config


def test_the_name_follows_from_what_differs_from_the_defaults():
    config = resolve_config(model="bm3", num_layers=2)
    everything = config.to_dict()
    digest = config.run_id.split("-")[-1]
    assert parameters_hash(everything)[:8] == digest
    # As a version wrote it that did not have two of the parameters yet.
    older = {
        k: v for k, v in everything.items() if k not in ("dropout", "patience")
    }
    assert parameters_hash(older)[:8] == digest
    assert parameters_hash({**older, "dropout": 0.4})[:8] != digest
    assert parameters_hash({**older, "patience": 21})[:8] != digest
    differing = {"model": "bm3", "num_layers": 2}
    by_hand = hashlib.sha256(json.dumps(differing, sort_keys=True).encode())
    # JSON sorts keys: {"model": ..., "num_layers": ...}.
    assert by_hand.hexdigest() == parameters_hash(everything)


@pytest.mark.parametrize(
    "rows, size, steps",
    [
        (118_551, 2048, 58),  # Amazon Baby
        (218_409, 2048, 107),  # Amazon Sports
        (44_327, 512, 87),  # Last.fm 2K
        (1_200, 16, 75),
        (400_000, 2048, 196),
        (1_000_000, 8192, 123),
        (60, 1, 60),
        (3, 1, 3),
    ],
)
def test_batch_size_by_the_number_of_rows(rows, size, steps):
    assert default_batch_size(rows) == size
    assert -(-rows // size) == steps
    config = resolve_config(model="mf")
    assert config.batch_size is None
    assert config.batch_size_for(rows) == size
    assert resolve_config(model="mf", batch_size=7).batch_size_for(rows) == 7


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("mask_validation", "False", "True or False"),
        ("mask_validation", "no", "True or False"),
        ("mask_validation", 0, "True or False"),
        ("train_ids", "yes", "True or False"),
        ("num_layers", -1, "an integer, 0 or more"),
        ("num_layers", 2.5, "an integer, 0 or more"),
        ("num_layers", True, "an integer, 0 or more"),
        ("num_layers", "three", "an integer, 0 or more"),
        ("embedding_dim", 0, "an integer, positive"),
        ("projection_dim", [1], "an integer, positive"),
        ("learning_rate", True, "a number, above 0"),
        ("learning_rate", float("inf"), "a number, above 0"),
        ("l2_weight", -1e-4, "a number, 0 or more"),
        ("dataset", 2018, "text"),
        ("split", None.__class__, "text"),
    ],
)
def test_values_of_another_type_are_refused_by_name(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}` must be {expected}"):
        resolve_config(model="mmgcn", **{name: value})


def test_whole_numbers_as_text_or_float_are_taken():
    plain = resolve_config(
        model="mmgcn", num_layers=3, l2_weight=0.5, batch_size=64
    )
    written = resolve_config(
        model="mmgcn", num_layers="3", l2_weight="0.5", batch_size=64.0
    )
    counted = resolve_config(
        model="mmgcn",
        num_layers=np.int64(3),
        l2_weight=np.float64(0.5),
        batch_size="64",
    )
    assert plain == written == counted
    assert plain.run_id == written.run_id == counted.run_id
    assert type(counted.model_parameters["num_layers"]) is int


@pytest.mark.parametrize("name", sorted(MODELS))
def test_negative_weights_of_loss_terms_are_refused(name):
    weights = [n for n in model_arguments(name) if n.endswith("_weight")]
    for weight in weights:
        with pytest.raises(ValueError, match=f"`{weight}` must be a number"):
            resolve_config(model=name, **{weight: -0.1})
        with pytest.raises(ValueError, match=f"`{weight}` must be a number"):
            MODELS[name](tiny_dataset(), **{weight: -0.1})


def test_a_relative_root_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve_config(data_root="d").data_root == str(tmp_path / "d")


class Own(MODELS["mf"]):
    """A user's model, with an argument of its own."""

    def __init__(self, dataset, *, flavor="plain", embedding_dim=64, seed=0):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        self.flavor = flavor


def test_an_own_model_by_class_and_by_path():
    config = resolve_config(model=Own, flavor="hot")
    assert config.model == "camgr_tf.config_test:Own"
    assert config == resolve_config(model=config.model, flavor="hot")
    assert config.run_id.startswith("demo-Own-seed0-")
    with pytest.raises(ValueError, match="has no parameter num_layers"):
        resolve_config(model=Own, num_layers=2)


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="no module 'nowhere'"):
        resolve_config(model="nowhere.at_all:Model")
    with pytest.raises(ValueError, match="'camgr_tf.config' has no 'Model'"):
        resolve_config(model="camgr_tf.config:Model")
    with pytest.raises(ValueError, match="must be a subclass"):
        resolve_config(model="camgr_tf.config:ExperimentConfig")
    with pytest.raises(ValueError, match="must be a subclass"):
        resolve_config(model=3)

    class Local(Own):
        pass

    with pytest.raises(ValueError, match="at the top of a module"):
        resolve_config(model=Local)

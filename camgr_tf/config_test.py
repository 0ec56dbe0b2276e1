import dataclasses
import inspect

import pytest

from camgr_tf.config import ExperimentConfig
from camgr_tf.config import complete_parameters
from camgr_tf.config import model_arguments
from camgr_tf.config import parameters_digest
from camgr_tf.config import resolve_config
from camgr_tf.registry import MODELS

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
    with pytest.raises(ValueError, match="embeding_dim. It has embedding_dim"):
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


def test_a_parameter_that_was_added_changes_no_name_at_its_old_value():
    config = resolve_config(model="camgr")
    older = config.to_dict()
    for name, value in MODELS["camgr"].added_parameters.items():
        assert older.pop(name) == value
    assert parameters_digest(older) == config.run_id.split("-")[-1]
    other = resolve_config(model="camgr", l2_on="weights")
    assert other.run_id != config.run_id


def test_the_paper_preset_takes_what_the_paper_prints():
    values = resolve_config(model="camgr", preset="paper").to_dict()
    printed = {
        "encoder": "attention",  # eq. 7, 8
        "num_modal_layers": 0,  # eq. 14
        "left_out": "none",  # eq. 2-4, 7, 14
        "edge_dropout": 0.0,  # eq. 7
        "query_modality": "text",  # eq. 15, 16
        "projections": "dense",  # eq. 15-17, 19, 22
        "attention": "channel",  # eq. 18, 21
        "normalize_contrast": False,  # eq. 30
        "contrast_over": "all",  # eq. 30
        "l2_on": "weights",  # eq. 31
    }
    assert {name: values[name] for name in printed} == printed


def test_an_older_run_of_a_preset_is_read_with_the_old_value():
    added = MODELS["camgr"].added_parameters
    config = resolve_config(model="camgr", preset="paper", **added)
    older = config.to_dict()
    for name in added:
        del older[name]
    # What the preset says by now does not count.
    assert resolve_config(model="camgr", preset="paper") != config
    assert resolve_config(**complete_parameters(older)) == config


@pytest.mark.parametrize("name", sorted(MODELS))
def test_added_parameters_are_arguments(name):
    added = MODELS[name].added_parameters
    assert set(added) <= set(model_arguments(name))

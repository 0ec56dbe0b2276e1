"""What a run is: data, model, training, all in plain values."""

import dataclasses
import hashlib
import inspect
import json
import math
from dataclasses import dataclass
from dataclasses import field

from camgr_tf.registry import MODELS


@dataclass(frozen=True)
class ExperimentConfig:
    """The complete, flat description of one training run.

    Made by `resolve_config`, which fills in what a model or a preset prefers
    and refuses what it does not know.

    Args:
        dataset: String. Name of the data folder. Defaults to `"demo"`.
        data_root: String. Folder that holds it; `None` for the environment
            variable `CAMGR_DATA` or else the project's `data/`. Defaults to
            `None`.
        modalities: Tuple of strings. Defaults to `("image", "text")`.
        split: String. `"file"` reads `x_label`; otherwise a rule of
            `camgr_tf.data.splits`. Defaults to `"file"`.
        split_seed: Integer. Of a split by rule. Defaults to `0`.
        model: String. Key of `camgr_tf.registry.MODELS`. Defaults to
            `"camgr"`.
        preset: String. One of the model's named settings, or `None` for its
            defaults. Defaults to `None`.
        seed: Integer. Of initial values, sampling and dropout. Defaults to
            `0`.
        learning_rate: Float. Adam's. Defaults to `0.001`.
        learning_rate_decay: Float. Factor on it per 50 epochs. Defaults to
            `1.0`.
        coupled_weight_decay: Float. Added to gradients. Defaults to `0.0`.
        batch_size: Integer. Training rows a step. Defaults to `2048`.
        max_epochs: Integer. Defaults to `1000`.
        patience: Integer. Training stops at the first epoch that makes more
            than `patience` in a row without a better validation Recall@20.
            Defaults to `20`.
        mask_validation: Boolean. Whether the test ranking leaves out
            validation items. Defaults to `False`, as in MMRec.
        model_parameters: Dictionary. Every argument of the model's
            constructor. Defaults to an empty one.

    Raises:
        ValueError: If a value is out of range.
    """

    dataset: str = "demo"
    data_root: str | None = None
    modalities: tuple = ("image", "text")
    split: str = "file"
    split_seed: int = 0
    model: str = "camgr"
    preset: str | None = None
    seed: int = 0
    learning_rate: float = 0.001
    learning_rate_decay: float = 1.0
    coupled_weight_decay: float = 0.0
    batch_size: int = 2048
    max_epochs: int = 1000
    patience: int = 20
    mask_validation: bool = False
    model_parameters: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("batch_size", "max_epochs"):
            _check(self, name, lambda v: _is_integer(v) and v >= 1, "positive")
        for name in ("patience", "seed", "split_seed"):
            _check(self, name, lambda v: _is_integer(v) and v >= 0, "0 or more")
        for name in ("learning_rate", "learning_rate_decay"):
            _check(self, name, lambda v: math.isfinite(v) and v > 0, "above 0")
        _check(
            self,
            "coupled_weight_decay",
            lambda v: v >= 0,
            "a number, 0 or more",
        )
        if not self.modalities:
            raise ValueError("`modalities` must name at least one modality.")

    def to_dict(self):
        """All values, flat, as a run's `config.json` and tables hold them."""
        values = dataclasses.asdict(self)
        parameters = values.pop("model_parameters")
        values["modalities"] = list(values["modalities"])
        return {**values, **parameters}

    @property
    def run_id(self):
        """Name of the run's folder: readable, and unique to its values.

        Where the data lie is not part of it: the data's hash is recorded.
        """
        digest = parameters_digest(self.to_dict())
        parts = [self.dataset, self.model, self.preset, f"seed{self.seed}"]
        return "-".join([*filter(None, parts), digest])


def parameters_digest(parameters):
    """Eight hexadecimal digits that end the `run_id` of these parameters.

    Args:
        parameters: Dictionary as `ExperimentConfig.to_dict` gives it, also
            after a way through JSON.

    Returns:
        String.
    """
    return parameters_hash(parameters)[:8]


def parameters_hash(parameters):
    """Hash of what a run's numbers follow from, data and code apart.

    The place of the data is not part of it, nor is one of a model's
    `added_parameters` at the value that was meant before it was there.

    Args:
        parameters: Dictionary as `ExperimentConfig.to_dict` gives it, also
            after a way through JSON.

    Returns:
        String, SHA-256 in hexadecimal.
    """
    added = _added_parameters(parameters)
    values = {
        k: v
        for k, v in parameters.items()
        if k != "data_root" and not (k in added and v == added[k])
    }
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def complete_parameters(parameters):
    """The parameters of a saved run, also where its version had fewer.

    Args:
        parameters: Dictionary of a run's `config.json`.

    Returns:
        Dictionary with the model's `added_parameters` too.
    """
    return {**_added_parameters(parameters), **parameters}


def resolve_config(**parameters):
    """Builds the configuration of a run from flat parameters.

    A value comes from the first of: `parameters`, the preset, the model's
    `training_defaults`, the defaults of the constructors. A parameter that is
    `None` counts as not given.

    Args:
        **parameters: Fields of `ExperimentConfig` and arguments of the
            model's constructor.

    Returns:
        `ExperimentConfig`.

    Raises:
        ValueError: For an unknown model or preset, or a parameter that
            neither the configuration nor the model has.
    """
    given = {k: v for k, v in parameters.items() if v is not None}
    name = given.get("model", "camgr")
    if name not in MODELS:
        raise ValueError(
            f"`model` must be one of {sorted(MODELS)}. Received: model={name!r}"
        )
    model = MODELS[name]
    preset = given.get("preset")
    if preset is not None and preset not in model.presets:
        raise ValueError(
            f"`preset` of {name!r} must be one of {sorted(model.presets)}. "
            f"Received: preset={preset!r}"
        )
    fields = {f.name for f in dataclasses.fields(ExperimentConfig)}
    fields.remove("model_parameters")
    arguments = model_arguments(name)
    unknown = sorted(set(given) - fields - set(arguments))
    if unknown:
        raise ValueError(
            f"Model {name!r} has no parameter {', '.join(unknown)}. It has "
            f"{', '.join(sorted(arguments))}; every run has "
            f"{', '.join(sorted(fields))}."
        )
    values = {
        **model.training_defaults,
        **(model.presets[preset] if preset else {}),
        **given,
    }
    if "modalities" in values:
        values["modalities"] = _names(values["modalities"])
    training = {k: v for k, v in values.items() if k in fields}
    base = ExperimentConfig(**training)
    model_parameters = {
        k: getattr(base, k) if k in fields else values.get(k, default)
        for k, default in arguments.items()
    }
    return dataclasses.replace(base, model_parameters=model_parameters)


def model_arguments(name):
    """Arguments of a model's constructor and their defaults.

    Args:
        name: String. Key of `camgr_tf.registry.MODELS`.

    Returns:
        Dictionary from an argument's name to its default.
    """
    signature = inspect.signature(MODELS[name].__init__)
    return {
        p.name: p.default
        for p in signature.parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _added_parameters(parameters):
    model = MODELS.get(parameters.get("model"))
    return model.added_parameters if model else {}


def _names(modalities):
    if isinstance(modalities, str):
        modalities = modalities.split(",")
    return tuple(str(name).strip() for name in modalities)


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _check(config, name, accepts, expected):
    value = getattr(config, name)
    try:
        accepted = accepts(value)
    except TypeError:
        accepted = False
    if not accepted:
        raise ValueError(
            f"`{name}` must be {expected}. Received: {name}={value!r}"
        )

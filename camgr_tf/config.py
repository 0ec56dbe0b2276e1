"""What a run is: data, model, training, all in plain values."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from dataclasses import field

from camgr_tf import paths
from camgr_tf.arguments import checked_argument
from camgr_tf.arguments import constructor_defaults
from camgr_tf.near_names import near_names
from camgr_tf.registry import find_model
from camgr_tf.registry import model_name


@dataclass(frozen=True)
class ExperimentConfig:
    """The complete, flat description of one training run.

    Made by `resolve_config`, which fills in what a model or a preset prefers
    and refuses what it does not know.

    Args:
        dataset: String. Name of the data folder. Defaults to `"demo"`.
        data_root: String. Folder that holds it; `None` for the environment
            variable `CAMGR_DATA` or else `data/`, see `camgr_tf.paths`.
            Defaults to `None`.
        modalities: Tuple of strings. Defaults to `("image", "text")`.
        split: String. `"file"` reads `x_label`; otherwise a rule of
            `camgr_tf.data.splits`. Defaults to `"file"`.
        split_seed: Integer. Of a split by rule. Defaults to `0`.
        model: String. Key of `camgr_tf.registry.MODELS`, or an own model as
            `"package.module:Class"`. Defaults to `"camgr"`.
        preset: String. One of the model's named settings, or `None` for its
            defaults. Defaults to `None`.
        seed: Integer. Of initial values, sampling and dropout. Defaults to
            `0`.
        learning_rate: Float. Adam's. Defaults to `0.001`.
        learning_rate_decay: Float. Factor on it per 50 epochs. Defaults to
            `1.0`.
        coupled_weight_decay: Float. Added to gradients. Defaults to `0.0`.
        batch_size: Integer. Training rows a step; `None` for one that suits
            the number of rows, `default_batch_size`. Defaults to `None`.
        max_epochs: Integer. Defaults to `1000`.
        patience: Integer. Training stops at the first epoch that makes more
            than `patience` in a row without a better validation Recall@20.
            Defaults to `20`.
        min_epochs: Integer. Training does not stop before so many epochs,
            for models whose accuracy falls before it rises. Defaults to `0`.
        mask_validation: Boolean. Whether the test ranking leaves out
            validation items. Defaults to `False`, as in MMRec.
        sampling: String. `"neighbors"` trains on a few neighbors of each
            node, for graphs that are large; `None` on the whole graph.
            Defaults to `None`.
        fanouts: Tuple of integers, or text such as `"10,5"`. With sampling,
            the neighbors that a node takes at the first, the second, ... hop
            from a batch; the last holds for all hops behind. Defaults to
            `(10, 5)`.
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
    batch_size: int | None = None
    max_epochs: int = 1000
    patience: int = 20
    min_epochs: int = 0
    mask_validation: bool = False
    sampling: str | None = None
    fanouts: tuple = (10, 5)
    model_parameters: dict = field(default_factory=dict)

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            default = f.default
            if f.name == "batch_size" and value is not None:
                default = 2048
            if f.name not in ("model_parameters", "modalities"):
                value = checked_argument(f.name, value, default, convert=True)
                object.__setattr__(self, f.name, value)
        object.__setattr__(self, "fanouts", _fanouts(self.fanouts))
        if self.sampling not in (None, "neighbors"):
            raise ValueError(
                "`sampling` must be 'neighbors' or None. "
                f"Received: sampling={self.sampling!r}"
            )
        model = find_model(self.model)
        # Not inherited: a subclass may read what a subgraph does not have.
        if self.sampling and not vars(model).get("samples_neighbors"):
            raise ValueError(
                f"{self.model} has no training on sampled neighbors; camgr, "
                f"mgcn and lightgcn have. Received: sampling={self.sampling!r}"
            )
        if not self.modalities or not all(self.modalities):
            raise ValueError(
                "`modalities` must name at least one modality. "
                f"Received: modalities={self.modalities!r}"
            )

    def to_dict(self):
        """All values, flat, as a run's `config.json` and tables hold them."""
        values = dataclasses.asdict(self)
        parameters = values.pop("model_parameters")
        values["modalities"] = list(values["modalities"])
        values["fanouts"] = list(values["fanouts"])
        return {**values, **parameters}

    @property
    def run_id(self):
        """Name of the run's folder: readable, and unique to its values.

        Where the data lie is not part of it: the data's hash is recorded.
        """
        digest = parameters_hash(self.to_dict())[:8]
        model = self.model.rpartition(":")[2]
        parts = [self.dataset, model, self.preset, f"seed{self.seed}"]
        return "-".join([*filter(None, parts), digest])

    def batch_size_for(self, num_rows):
        """The batch size, from the data where none was given.

        Args:
            num_rows: Integer. Training rows.

        Returns:
            Integer: `batch_size`, or `default_batch_size(num_rows)`; with
            sampling not above 2048, since a step's cost grows with it.
        """
        if self.batch_size:
            return self.batch_size
        size = default_batch_size(num_rows)
        return min(size, 2048) if self.sampling else size


# What every run has, beside the arguments of its model.
RUN_DEFAULTS = {
    f.name: f.default
    for f in dataclasses.fields(ExperimentConfig)
    if f.name != "model_parameters"
}


def default_batch_size(num_rows):
    """A power of two by which an epoch has about 50 to 200 steps.

    2048, halved while there are fewer than 50 steps and doubled while there
    are more than 200.

    Args:
        num_rows: Integer. Training rows.

    Returns:
        Integer, 1 or more.
    """
    size = 2048
    while size > 1 and num_rows < 50 * size:
        size //= 2
    while num_rows > 200 * size:
        size *= 2
    return size


def parameters_hash(parameters):
    """Hash of the parameters that differ from their model's defaults.

    A parameter at its default counts as one that is not there, so that a new
    parameter renames no run that was made before. The place of the data is
    not part of it.

    Args:
        parameters: Dictionary as `ExperimentConfig.to_dict` gives it, also
            after a way through JSON.

    Returns:
        String, SHA-256 in hexadecimal.
    """
    model = parameters.get("model", ExperimentConfig.model)
    defaults = _plain(resolve_config(model=model).to_dict())
    values = {
        k: v
        for k, v in _plain(parameters).items()
        if k not in ("data_root", "model") and (k, v) not in defaults.items()
    }
    values["model"] = model
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def resolve_config(**parameters):
    """Builds the configuration of a run from flat parameters.

    A value comes from the first of: `parameters`, the preset, the model's
    `training_defaults`, the defaults of the constructors. A parameter that is
    `None` counts as not given.

    Args:
        **parameters: Fields of `ExperimentConfig` and arguments of the
            model's constructor; `model` may also be the class itself.

    Returns:
        `ExperimentConfig`.

    Raises:
        ValueError: For an unknown model or preset, a parameter that neither
            the configuration nor the model has, or a value of another type
            or range; whole numbers written as text or as floats are taken.
    """
    given = {k: v for k, v in parameters.items() if v is not None}
    name = model_name(given.get("model", ExperimentConfig.model))
    model = find_model(name)
    preset = given.get("preset")
    if preset is not None and preset not in model.presets:
        raise ValueError(
            f"`preset` of {name!r} must be one of {sorted(model.presets)}"
            f"{near_names(preset, model.presets)}. Received: preset={preset!r}"
            if model.presets
            else f"Model {name!r} has no presets. Received: preset={preset!r}"
        )
    fields = set(RUN_DEFAULTS)
    arguments = model_arguments(name)
    unknown = sorted(set(given) - fields - set(arguments))
    if unknown:
        near = near_names(unknown[0], fields | set(arguments))
        raise ValueError(
            f"Model {name!r} has no parameter {', '.join(unknown)}{near}. It "
            f"has {', '.join(sorted(arguments))}; every run has "
            f"{', '.join(sorted(fields))}."
        )
    values = {
        **model.training_defaults,
        **(model.presets[preset] if preset else {}),
        **given,
        "model": name,
    }
    if "data_root" in values:
        values["data_root"] = str(paths.absolute(values["data_root"]))
    if "modalities" in values:
        values["modalities"] = _names(values["modalities"])
    training = {k: v for k, v in values.items() if k in fields}
    base = ExperimentConfig(**training)
    model_parameters = {
        k: getattr(base, k)
        if k in fields
        else checked_argument(k, values.get(k, default), default, convert=True)
        for k, default in arguments.items()
    }
    return dataclasses.replace(base, model_parameters=model_parameters)


def model_arguments(model):
    """Arguments of a model's constructor and their defaults.

    Args:
        model: String or class, see `camgr_tf.registry.find_model`.

    Returns:
        Dictionary from an argument's name to its default.
    """
    return constructor_defaults(find_model(model))


def _fanouts(fanouts):
    """Positive integers, also from `"10,5"` and from a single number."""
    values = fanouts.split(",") if isinstance(fanouts, str) else fanouts
    values = values if isinstance(values, (list, tuple)) else [values]
    numbers = tuple(checked_argument("fanouts", v, 1, True) for v in values)
    if not numbers:
        raise ValueError(
            "`fanouts` must name at least one number. "
            f"Received: fanouts={fanouts!r}"
        )
    return numbers


def _plain(values):
    """The values as JSON gives them back: lists for tuples."""
    return json.loads(json.dumps(values))


def _names(modalities):
    if isinstance(modalities, str):
        modalities = modalities.split(",")
    return tuple(str(name).strip() for name in modalities)

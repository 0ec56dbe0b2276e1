"""Turns an experiment's definition into the runs it consists of."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from camgr_tf.config import ExperimentConfig
from camgr_tf.config import resolve_config
from camgr_tf.experiments.definition import RESERVED
from camgr_tf.registry import MODELS


@dataclass(frozen=True)
class Trial:
    """One run of an experiment.

    Args:
        label: String. Row or column of the table it belongs to; equal for
            all seeds.
        parameters: Dictionary. What is given to the training notebook.
        config: `ExperimentConfig`, what that resolves to.
    """

    label: str
    parameters: dict
    config: ExperimentConfig

    @property
    def run_id(self):
        return self.config.run_id


def plan_trials(definition, dataset, seeds=3, overrides=None, data_root=None):
    """Lists and checks all trials of an experiment on one dataset.

    Args:
        definition: `Definition`.
        dataset: String. Name of the dataset.
        seeds: Integer. Seeds `0` to `seeds - 1`. Defaults to `3`.
        overrides: Dictionary. Further parameters of all trials. Defaults to
            `None`.
        data_root: String. Folder of the datasets. Defaults to `None`.

    Returns:
        List of `Trial`: labels in the definition's order, then seeds.

    Raises:
        ValueError: For a parameter that a model does not have or that
            `overrides` and the definition both set, for two trials that are
            the same run, or fewer than one seed.
    """
    if seeds < 1:
        raise ValueError(f"`seeds` must be positive. Received: seeds={seeds}")
    overrides = dict(overrides or {})
    _check_overrides(definition, overrides)
    if definition.kind == "statistics":
        return []
    trials = []
    for label, parameters in _combinations(definition):
        parameters = {**definition.parameters, **parameters, **overrides}
        if definition.dataset_presets:
            parameters = _with_preset(parameters, dataset)
        for seed in range(seeds):
            given = {**parameters, "dataset": dataset, "seed": seed}
            if data_root is not None:
                given["data_root"] = str(Path(data_root).resolve())
            try:
                config = resolve_config(**given)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"Experiment {definition.name!r}, {label!r}: {error}"
                ) from error
            trials.append(Trial(label, given, config))
    _check_distinct(definition, trials)
    return trials


def _combinations(definition):
    names = list(definition.grid)
    for variant in definition.variants or ({},):
        parameters = {k: v for k, v in variant.items() if k != "label"}
        for values in itertools.product(*definition.grid.values()):
            point = dict(zip(names, values))
            label = ", ".join(f"{k} = {v}" for k, v in point.items())
            label = " ".join(filter(None, [variant.get("label"), label]))
            yield label or definition.name, {**parameters, **point}


def _with_preset(parameters, dataset):
    model = MODELS.get(parameters.get("model", "camgr"))
    if model is None or dataset not in model.presets:
        return parameters
    return {"preset": dataset, **parameters}


def _check_overrides(definition, overrides):
    for name in overrides:
        if name in RESERVED:
            raise ValueError(
                f"{name!r} is an option of its own, not a parameter of -p."
            )
        places = [definition.parameters, definition.grid, *definition.variants]
        if any(name in place for place in places):
            raise ValueError(
                f"Experiment {definition.name!r} sets {name!r} itself; -p "
                "would make its trials equal."
            )


def _check_distinct(definition, trials):
    first = {}
    for trial in trials:
        if trial.run_id in first:
            raise ValueError(
                f"Experiment {definition.name!r}: {first[trial.run_id]!r} and "
                f"{trial.label!r} are the same run."
            )
        first[trial.run_id] = trial.label

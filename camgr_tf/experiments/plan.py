"""Keeps what a sweep consists of, so that its results can be collected."""

import json
import warnings
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field

from camgr_tf.config import resolve_config
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.trials import Trial
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.staged_file import staged_file

FOLDER = "experiments"


@dataclass(frozen=True)
class Plan:
    """An experiment on one dataset, down to its single runs.

    Args:
        definition: `Definition`.
        dataset: String.
        trials: List of `Trial`.
        facts: Dictionary, what `describe_dataset` returns.
        data_hashes: Dictionary from a run's id to the content hash of its
            data, so that results are collected without the data.
        notes: List of strings, shown under every table of this dataset.
            Defaults to an empty one.
    """

    definition: Definition
    dataset: str
    trials: list
    facts: dict
    data_hashes: dict
    notes: list = field(default_factory=list)

    @property
    def name(self):
        return f"{self.definition.name}/{self.dataset}"


def make_plan(
    definition, dataset, seeds=3, overrides=None, data_root=None, notes=()
):
    """Plans an experiment on one dataset and reads the dataset.

    Args:
        definition: `Definition`.
        dataset: String. Name of the dataset.
        seeds: Integer. Defaults to `3`.
        overrides: Dictionary of further parameters. Defaults to `None`.
        data_root: String. Folder of the datasets. Defaults to `None`.
        notes: List of strings for the report. Defaults to `()`.

    Returns:
        `Plan`.
    """
    trials = plan_trials(definition, dataset, seeds, overrides, data_root)
    # A dataset that cannot be read is refused before anything runs.
    hashes = {
        trial.run_id: describe_dataset(trial.config)["content_hash"]
        for trial in trials
    }
    configs = [trial.config for trial in trials]
    configs = configs or [resolve_config(dataset=dataset, data_root=data_root)]
    fullest = max(configs, key=lambda config: len(config.modalities))
    facts = describe_dataset(fullest)
    return Plan(definition, dataset, trials, facts, hashes, list(notes))


def write_plan(plan, output_root):
    """Writes `experiments/<experiment>/<dataset>.json`.

    Args:
        plan: `Plan`.
        output_root: Path of the folder of all runs.
    """
    values = {
        "definition": asdict(plan.definition),
        "dataset": plan.dataset,
        "trials": [
            {"label": c.label, "run_id": c.run_id, "parameters": c.parameters}
            for c in plan.trials
        ],
        "facts": plan.facts,
        "data_hashes": plan.data_hashes,
        "notes": plan.notes,
    }
    path = output_root / FOLDER / plan.definition.name / f"{plan.dataset}.json"
    with staged_file(path) as staging:
        staging.write_text(json.dumps(values, indent=2) + "\n")


def read_plans(output_root, experiments=None, dataset=None):
    """Reads the sweeps that were started in a folder.

    Args:
        output_root: Path of the folder of all runs.
        experiments: List of names. Defaults to `None`: all.
        dataset: String. Defaults to `None`: all.

    Returns:
        List of `Plan`, sorted by experiment and dataset.

    Raises:
        FileNotFoundError: If an experiment that is asked for was not started,
            or none was.
        ValueError: If an experiment that is asked for has a plan that cannot
            be read or is of other defaults; without `experiments` it is
            left out with a warning.
    """
    folder = output_root / FOLDER
    paths = sorted(folder.glob(f"*/{dataset or '*'}.json"))
    names = sorted({path.parent.name for path in paths})
    missing = sorted(set(experiments or []) - set(names))
    if missing or not paths:
        wanted = " ".join(["sweep", ", ".join(missing)]).rstrip()
        if dataset is not None:
            wanted += f" of dataset {dataset!r}"
        raise FileNotFoundError(
            f"{folder} has no {wanted}; it has {', '.join(names) or 'none'}. "
            "Start one with `camgr sweep`."
        )
    plans = []
    for path in paths:
        if experiments and path.parent.name not in experiments:
            continue
        try:
            plans.append(_read_plan(path))
        except ValueError as error:
            if experiments:
                raise
            warnings.warn(f"Left out: {error}", stacklevel=2)
    return plans


def _read_plan(path):
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        definition = values["definition"]
        for key in ("variants", "metrics"):
            definition[key] = tuple(definition[key])
        return Plan(
            definition=Definition(**definition),
            dataset=values["dataset"],
            trials=[_read_trial(trial) for trial in values["trials"]],
            facts=values["facts"],
            data_hashes=values["data_hashes"],
            notes=values["notes"],
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no plan of this version: {error}. Start the sweep "
            "again to renew it."
        ) from error


def _read_trial(values):
    parameters = values["parameters"]
    config = resolve_config(**parameters)
    if config.run_id != values["run_id"]:
        raise ValueError(
            f"run {values['run_id']} has other parameters now: a default "
            "has changed"
        )
    return Trial(values["label"], parameters, config)

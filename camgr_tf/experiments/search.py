"""Searches a model's declared ranges for the best validation accuracy."""

import hashlib
import json
from pathlib import Path

from camgr_tf.config import resolve_config
from camgr_tf.experiments.cells import Cell
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.driver import Driver
from camgr_tf.experiments.plan import FOLDER
from camgr_tf.experiments.plan import Plan
from camgr_tf.experiments.plan import write_plan
from camgr_tf.registry import MODELS

MONITOR = "recall@20"


def search(
    model,
    dataset,
    output_root,
    num_trials=20,
    seed=0,
    space=None,
    overrides=None,
    data_root=None,
    notes=(),
    **driver_options,
):
    """Trains `num_trials` settings of a model, chosen one after the other.

    The choice follows the tree-structured Parzen estimator and depends on the
    finished trials alone, so a search that was interrupted goes on as if it
    had not been. Test metrics are recorded like those of every run, and never
    looked at. The trials are the experiment `search_<model>` of the results
    table and the report.

    Args:
        model: String. Key of `camgr_tf.registry.MODELS`.
        dataset: String. Name of the dataset.
        output_root: Path of the folder of all runs.
        num_trials: Integer. Trials in all, earlier ones included. Defaults to
            `20`.
        seed: Integer. Of the choice, and of all runs. Defaults to `0`.
        space: Dictionary from a parameter to the list of its values. Defaults
            to `None`: the model's `search_space`.
        overrides: Dictionary. Further parameters of all trials. Defaults to
            `None`.
        data_root: String. Folder of the datasets. Defaults to `None`.
        notes: List of strings for the report. Defaults to `()`.
        **driver_options: Options of `Driver`, such as `notebook`.

    Returns:
        `optuna.Study`. Its `best_params` are the best setting.

    Raises:
        ImportError: If optuna is not installed.
        ValueError: If the model is unknown, declares no ranges, or lacks a
            parameter.
    """
    space = space or _search_space(model)
    fixed = {"model": model, "dataset": dataset, "seed": seed}
    if data_root is not None:
        fixed["data_root"] = str(Path(data_root).resolve())
    fixed |= overrides or {}
    _check_space(model, space, fixed)
    optuna = _import_optuna()
    definition = Definition(
        name=f"search_{model}",
        title=f"Search for the best {model}, on validation",
        part="validation",
        parameters={"model": model},
    )
    study = _open_study(optuna, model, dataset, output_root, space, fixed)
    cells = {}
    for trial in _finished(study):
        cell = _cell(trial.params, fixed)
        cells.setdefault(cell.run_id, cell)
    while (number := len(_finished(study)) + _num_failed(study)) < num_trials:
        study.sampler = optuna.samplers.TPESampler(
            seed=seed * 100003 + number, n_startup_trials=max(5, len(space))
        )
        trial = study.ask(
            {
                name: optuna.distributions.CategoricalDistribution(values)
                for name, values in space.items()
            }
        )
        cell = _cell(trial.params, fixed)
        cells.setdefault(cell.run_id, cell)
        facts = describe_dataset(cell.config)
        hashes = dict.fromkeys(cells, facts["content_hash"])
        write_plan(
            Plan(
                definition,
                dataset,
                list(cells.values()),
                facts,
                hashes,
                list(notes),
            ),
            output_root,
        )
        failed = Driver([cell], output_root, **driver_options).run()
        if failed:
            trial.set_user_attr("error", failed[cell.run_id])
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        path = output_root / cell.run_id / "metrics.json"
        value = json.loads(path.read_text())["validation"][MONITOR]
        study.tell(trial, value)
    return study


def _search_space(model):
    if model not in MODELS:
        raise ValueError(
            f"`model` must be one of {sorted(MODELS)}. "
            f"Received: model={model!r}"
        )
    space = MODELS[model].search_space
    if not space:
        raise ValueError(
            f"Model {model!r} declares no `search_space`. Give the ranges by "
            "`--space NAME VALUES`."
        )
    return space


def _check_space(model, space, fixed):
    for name, values in space.items():
        if name in fixed:
            raise ValueError(
                f"{name!r} is searched and fixed to {fixed[name]!r} as well."
            )
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"The range of {name!r} needs a list of values. "
                f"Received: {values!r}"
            )
        for value in values:
            resolve_config(**{**fixed, name: value})


def _open_study(optuna, model, dataset, output_root, space, fixed):
    """The study of exactly this search, new or continued."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = output_root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    given = {k: v for k, v in fixed.items() if k != "data_root"}
    text = json.dumps([space, given], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    study = optuna.create_study(
        storage=f"sqlite:///{folder / 'search.db'}",
        study_name=f"{model}-{fixed['dataset']}-{digest}",
        direction="maximize",
        load_if_exists=True,
    )
    # A trial whose driver was killed is asked for again.
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _finished(study):
    return [t for t in study.get_trials(deepcopy=False) if t.value is not None]


def _num_failed(study):
    """Trials that failed by themselves, not with their driver."""
    trials = study.get_trials(deepcopy=False)
    return sum("error" in trial.user_attrs for trial in trials)


def _cell(parameters, fixed):
    label = ", ".join(f"{k} = {v}" for k, v in parameters.items())
    given = {**fixed, **parameters}
    return Cell(label, given, resolve_config(**given))


def _import_optuna():
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "A search needs optuna: pip install 'camgr_tf[search]'."
        ) from error
    return optuna

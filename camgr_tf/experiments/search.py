"""Searches a model's declared ranges for the best validation accuracy."""

import contextlib
import hashlib
import json
import time
from pathlib import Path

from camgr_tf.code_hash import code_hash
from camgr_tf.config import resolve_config
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.driver import Driver
from camgr_tf.experiments.driver import fail_alike
from camgr_tf.experiments.plan import FOLDER
from camgr_tf.experiments.plan import Plan
from camgr_tf.experiments.plan import write_plan
from camgr_tf.experiments.pruning import MONITOR
from camgr_tf.experiments.pruning import RULE
from camgr_tf.experiments.pruning import Pruning
from camgr_tf.experiments.pruning import make_pruner
from camgr_tf.experiments.trials import Trial
from camgr_tf.folder_lock import folder_lock
from camgr_tf.folder_lock import waiting_lock
from camgr_tf.registry import find_model
from camgr_tf.registry import model_name

# Held while trials are asked for and ended, so that one search at a time does.
LOCK = ".search.lock"
# Seconds between two looks at the trials of another search.
WAIT = 0.2


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
    first=None,
    prune=False,
    **driver_options,
):
    """Trains `num_trials` settings of a model, chosen one after the other.

    The choice follows the tree-structured Parzen estimator and depends on the
    finished trials alone, so a search that was interrupted goes on as if it
    had not been; one of other data, other code or other ranges starts anew.
    Several processes that search the same share the trials, also those of
    several machines that share `output_root`. Test metrics are
    recorded like those of every run, and never looked at. The trials are the
    experiment `search_<model>` of the results table and the report.

    Args:
        model: String or class, see `camgr_tf.registry.find_model`.
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
        first: Dictionary. The setting of the first trial. Defaults to `None`:
            drawn like the others.
        prune: Boolean. Whether trials that are behind the others are ended,
            see `camgr_tf.experiments.pruning`. Defaults to `False`.
        **driver_options: Options of `Driver`, such as `notebook`.

    Returns:
        `optuna.Study`. Its `best_params` are the best setting.

    Raises:
        ImportError: If optuna is not installed.
        ValueError: If the model is unknown, declares no ranges, or lacks a
            parameter.
        RuntimeError: If all trials fail, or the first three of them alike.
    """
    if num_trials < 1:
        raise ValueError(
            f"`num_trials` must be positive. Received: num_trials={num_trials}"
        )
    model = model_name(model)
    space = space or _search_space(model)
    fixed = {"model": model, "dataset": dataset, "seed": seed}
    if data_root is not None:
        fixed["data_root"] = str(Path(data_root).resolve())
    fixed |= overrides or {}
    _check_space(model, space, fixed)
    for key, value in (first or {}).items():
        if value not in space.get(key, []):
            raise ValueError(
                f"The first trial's {key}={value!r} is not in its range "
                f"{space.get(key, [])}."
            )
    optuna = _import_optuna()
    facts = describe_dataset(resolve_config(**fixed))
    made_by = None if driver_options.get("ignore_code") else code_hash(model)
    folder = output_root / FOLDER
    choice = [first, RULE] if prune else first
    name = _study_name(fixed, space, facts["content_hash"], made_by, choice)
    with waiting_lock(folder, LOCK):
        study = _open_study(optuna, folder, name)
        if prune:
            study.pruner = make_pruner(optuna)
    errors = []
    while (number := _num_ended(study)) < num_trials:
        with contextlib.ExitStack() as alive:
            with waiting_lock(folder, LOCK):
                number = _num_ended(study) + len(_living(study, folder))
                if number < num_trials:
                    if first and not number:
                        study.enqueue_trial(first)
                    trial = _ask(optuna, study, space, seed, number)
                    alive.enter_context(
                        folder_lock(folder, _lock(study, trial))
                    )
                    _write_plan(study, fixed, facts, notes, output_root)
            if number >= num_trials:
                # The last trials are another search's, which may yet die.
                time.sleep(WAIT)
                continue
            planned = _planned(trial.params, fixed)
            watch = (
                Pruning(trial, output_root / planned.run_id) if prune else None
            )
            failed = Driver(
                [planned], output_root, watch=watch, **driver_options
            ).run()
            if watch and not failed:
                watch()
            error = failed.get(planned.run_id, "")
            errors.append(error.replace(planned.run_id, ""))
            with waiting_lock(folder, LOCK):
                if watch and watch.epoch is not None:
                    study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                else:
                    run = output_root / planned.run_id
                    _tell(optuna, study, trial, error, run)
                (folder / _lock(study, trial)).unlink()
        if fail_alike(errors):
            raise RuntimeError(
                f"The search has stopped: its first {len(errors)} trials "
                f"failed alike, the last one with: {_last_line(error)}"
            )
    if not _finished(study):
        errors = [t.user_attrs.get("error") for t in study.get_trials()]
        last = _last_line([error for error in errors if error][-1])
        raise RuntimeError(
            f"All {number} trials of the search failed, the last one with: "
            f"{last}"
        )
    return study


def _search_space(model):
    space = find_model(model).search_space
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


def _study_name(fixed, space, data_hash, made_by, choice):
    """Of exactly this search: its ranges, what is fixed, data and code."""
    given = {k: v for k, v in fixed.items() if k != "data_root"}
    values = [space, given, data_hash, made_by]
    text = json.dumps(values + [choice] * bool(choice), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{fixed['model']}-{fixed['dataset']}-{digest}"


def _open_study(optuna, folder, name):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A file that is only appended to, which several machines may share; a
    # database would need the locks of a local disk.
    backend = optuna.storages.journal.JournalFileBackend(
        str(folder / "search.journal")
    )
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )


def _lock(study, trial):
    """The file that is locked as long as the process of a trial lives."""
    return f".{study.study_name}-{trial.number}.lock"


def _living(study, folder):
    """Trials that a process works at; those of dead ones are failed."""
    living = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name != "RUNNING":
            continue
        with folder_lock(folder, _lock(study, trial)) as holder:
            if holder is not None:
                living.append(trial)
                continue
            (folder / _lock(study, trial)).unlink()
        # It does not count, and is asked for again.
        study.tell(trial.number, state=type(trial.state).FAIL)
    return living


def _ask(optuna, study, space, seed, number):
    study.sampler = optuna.samplers.TPESampler(
        seed=seed * 100003 + number, n_startup_trials=max(5, len(space))
    )
    distribution = optuna.distributions.CategoricalDistribution
    return study.ask({name: distribution(v) for name, v in space.items()})


def _tell(optuna, study, trial, error, folder):
    if error:
        trial.set_user_attr("error", error)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return
    metrics = json.loads((folder / "metrics.json").read_text())
    study.tell(trial, metrics["validation"][MONITOR])


def _write_plan(study, fixed, facts, notes, output_root):
    """The search so far as an experiment."""
    model = fixed["model"]
    definition = Definition(
        name=f"search_{model}",
        title=f"Search for the best {model}, on validation",
        part="validation",
        parameters={"model": model},
    )
    runs = {}
    for trial in study.get_trials(deepcopy=False):
        ended = trial.state.name in ("FAIL", "PRUNED")
        if not ended or "error" in trial.user_attrs:
            planned = _planned(trial.params, fixed)
            runs.setdefault(planned.run_id, planned)
    hashes = dict.fromkeys(runs, facts["content_hash"])
    plan = Plan(
        definition,
        fixed["dataset"],
        list(runs.values()),
        facts,
        hashes,
        list(notes),
    )
    write_plan(plan, output_root)


def _finished(study):
    return [t for t in study.get_trials(deepcopy=False) if t.value is not None]


def _num_ended(study):
    """Trials with a result, and those that failed by themselves."""
    trials = study.get_trials(deepcopy=False)
    failed = sum("error" in trial.user_attrs for trial in trials)
    return len(_finished(study)) + failed


def _last_line(text):
    return text.splitlines()[-1]


def _planned(parameters, fixed):
    label = ", ".join(f"{k} = {v}" for k, v in parameters.items())
    given = {**fixed, **parameters}
    return Trial(label, given, resolve_config(**given))


def _import_optuna():
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "A search needs optuna: pip install 'camgr_tf[search]'."
        ) from error
    return optuna

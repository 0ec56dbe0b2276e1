"""Compares models that were all searched with the same budget."""

import dataclasses

from camgr_tf.config import default_batch_size
from camgr_tf.config import resolve_config
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.experiments.driver import Driver
from camgr_tf.experiments.plan import Plan
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.plan import write_plan
from camgr_tf.experiments.pruning import RULE
from camgr_tf.experiments.search import search
from camgr_tf.experiments.trials import plan_trials
from camgr_tf.near_names import near_names
from camgr_tf.registry import find_model

# Factors on a model's own learning rate, and on the batch size that suits
# the number of rows.
LEARNING_RATES = (0.25, 0.5, 1.0, 2.0, 4.0)
BATCH_SIZES = (1, 2, 4)


def race(
    definition,
    dataset,
    output_root,
    num_trials=20,
    seeds=3,
    models=None,
    overrides=None,
    data_root=None,
    notes=(),
    **driver_options,
):
    """Searches each model on validation, then trains its best setting.

    Every model gets the same number of trials, the first of them with its
    defaults, the same choice of the others and the same pruning, over the
    ranges that its authors searched and those of learning rate and batch
    size. Then its best setting is trained with each seed, and the test part
    is compared. Models whose weights are counted are searched likewise.

    A race that was interrupted continues; models that were left out may join
    it later. What a model was given and has used is a note under the table.

    Args:
        definition: `Definition` of kind `"race"`.
        dataset: String. Name of the dataset.
        output_root: Path of the folder of all runs.
        num_trials: Integer. Of each model. Defaults to `20`.
        seeds: Integer. Runs of each best setting. Defaults to `3`.
        models: List of strings, models of the definition. Defaults to
            `None`: all.
        overrides: Dictionary. Further parameters of all runs. Defaults to
            `None`.
        data_root: String. Folder of the datasets. Defaults to `None`.
        notes: List of strings for the report. Defaults to `()`.
        **driver_options: Options of `Driver`, such as `notebook`.

    Returns:
        Dictionary from a failed run's id to its error; empty if all went
        well.

    Raises:
        ImportError: If optuna is not installed.
        ValueError: If a model is none of the definition's, or a parameter
            does not exist.
        RuntimeError: If all trials of a model fail.
    """
    # A mistake in what all runs share is refused before anything runs.
    plan_trials(definition, dataset, 1, overrides, data_root)
    variants = _chosen(definition, models)
    budget = f"Each model: {num_trials} trials, {RULE}; then {seeds} seeds."
    failed = {}
    for variant in variants:
        given = {k: v for k, v in variant.items() if k != "label"}
        given = {**definition.parameters, **given, **(overrides or {})}
        config = resolve_config(dataset=dataset, data_root=data_root, **given)
        facts = describe_dataset(config)
        space, first = race_space(config, facts["statistics"]["train"])
        best, used = {}, "nothing to search"
        if space:
            study = search(
                given.pop("model"),
                dataset,
                output_root,
                num_trials=num_trials,
                space=space,
                first=first,
                prune=True,
                overrides=given,
                data_root=data_root,
                **driver_options,
            )
            best, used = study.best_params, _describe(study)
        winner = dataclasses.replace(
            definition, variants=({**variant, **best},), reference=None
        )
        trials = plan_trials(winner, dataset, seeds, overrides, data_root)
        line = f"{variant['label']}: {used}"
        plan = Plan(definition, dataset, trials, facts, {}, [*notes, budget])
        write_plan(_joined(plan, line, output_root), output_root)
        failed |= Driver(trials, output_root, **driver_options).run()
    return failed


def _joined(plan, line, output_root):
    """The plan of one model, with those that raced before it."""
    labels = [variant["label"] for variant in plan.definition.variants]
    trials, lines = list(plan.trials), [line]
    own = {trial.label for trial in trials}
    try:
        (old,) = read_plans(output_root, [plan.definition.name], plan.dataset)
    except (FileNotFoundError, ValueError):
        pass  # There is none, or it is of other defaults.
    else:
        trials += [trial for trial in old.trials if trial.label not in own]
        lines += [
            note
            for note in old.notes
            if note.partition(":")[0] in set(labels) - own
        ]
    trials.sort(key=lambda trial: labels.index(trial.label))
    lines.sort(key=lambda text: labels.index(text.partition(":")[0]))
    return dataclasses.replace(
        plan,
        trials=trials,
        notes=[*plan.notes, *lines],
        data_hashes={
            c.run_id: describe_dataset(c.config)["content_hash"] for c in trials
        },
    )


def race_space(config, num_rows):
    """What a model of a race is searched over, and its first trial.

    Args:
        config: `ExperimentConfig`, the model's defaults.
        num_rows: Integer. Training rows.

    Returns:
        Tuple of a dictionary from a parameter to the list of its values, and
        of one from these to the model's defaults, which are among them.
        Both are empty where there is nothing to search.
    """
    model = find_model(config.model)
    space = {name: list(v) for name, v in model.search_space.items()}
    defaults = config.to_dict()
    first = {n: defaults[n] for n in space if defaults[n] is not None}
    if model.trains:
        own = config.learning_rate
        first["learning_rate"] = own
        space.setdefault("learning_rate", [own * f for f in LEARNING_RATES])
        size = default_batch_size(num_rows)
        first["batch_size"] = config.batch_size or size
        space.setdefault("batch_size", [size * f for f in BATCH_SIZES])
    for name, value in first.items():
        if value not in space[name]:
            space[name] = sorted([*space[name], value])
    return space, first


def _chosen(definition, models):
    known = [variant["model"] for variant in definition.variants]
    for model in models or ():
        if model not in known:
            raise ValueError(
                f"Model {model!r} is none of the race's"
                f"{near_names(model, known)}: {', '.join(known)}."
            )
    return [
        v for v in definition.variants if not models or v["model"] in models
    ]


def _describe(study):
    """What a search has used, for the note under the table."""
    trials = study.get_trials(deepcopy=False)
    states = [trial.state.name for trial in trials]
    hours = sum(t.duration.total_seconds() for t in trials if t.duration) / 3600
    best = sorted(study.best_params.items())
    setting = ", ".join(f"{name} = {value}" for name, value in best)
    return (
        f"{states.count('COMPLETE')} trials whole, {states.count('PRUNED')} "
        f"pruned, {hours:.2f} h; validation {study.best_value:.4f} with "
        f"{setting}"
    )

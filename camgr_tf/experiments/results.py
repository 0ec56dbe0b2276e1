"""Gathers the results of sweeps into one tidy table."""

import json

import pandas as pd

from camgr_tf.code_hash import code_hash
from camgr_tf.experiments.driver import trial_fingerprint
from camgr_tf.experiments.trial_record import Fingerprint
from camgr_tf.experiments.trial_record import hash_config
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.experiments.trial_record import trial_state
from camgr_tf.staged_file import staged_file

FILE_NAME = "results"
KEYS = ["experiment", "dataset", "label", "model", "seed", "run_id"]
RUN_VALUES = (
    "best_epoch",
    "epochs",
    "train_seconds",
    "seconds_per_epoch",
    "test_seconds",
    "peak_memory_mb",
    "num_weights",
)
# What differs between two machines, or between a run and its repetition.
MACHINE_COLUMNS = (
    "train_seconds",
    "seconds_per_epoch",
    "test_seconds",
    "peak_memory_mb",
    "num_threads",
)


def collect_results(plans, output_root):
    """One row for each finished trial; the data themselves are not needed.

    Args:
        plans: List of `Plan`.
        output_root: Path of the folder of all runs.

    Returns:
        DataFrame: `experiment`, `dataset`, `label`, `model`, `seed`,
        `run_id`; every parameter; `validation_<metric>` and `test_<metric>`;
        epochs, seconds and memory; the hashes of parameters, data and code;
        `current`, whether today's code would give this run; the versions.
        Rows are in the order of the plans' trials.
    """
    rows = []
    for plan in plans:
        for trial in plan.trials:
            row = _read_row(plan, trial, output_root / trial.run_id)
            if row is not None:
                rows.append(row)
    return pd.DataFrame(
        {name: _column([r.get(name) for r in rows]) for name in _order(rows)}
    )


def write_results(table, folder):
    """Writes `results.parquet` and `results.csv`.

    Args:
        table: DataFrame of `collect_results`.
        folder: Path of the folder.

    Returns:
        Path of the Parquet file.
    """
    path = folder / f"{FILE_NAME}.parquet"
    with staged_file(path) as staging:
        table.to_parquet(staging, index=False)
    with staged_file(path.with_suffix(".csv")) as staging:
        table.to_csv(staging, index=False)
    return path


def summarize_states(plans, output_root, ignore_code=False):
    """Counts the trials of each plan by state.

    Args:
        plans: List of `Plan`.
        output_root: Path of the folder of all runs.
        ignore_code: Boolean. Whether runs that other code made count as done.
            Defaults to `False`.

    Returns:
        Tuple of a DataFrame with a row for each plan and a column for each
        state, and a dictionary from a failed run's id to its error.
    """
    rows, errors = [], {}
    for plan in plans:
        row = {"experiment": plan.definition.name, "dataset": plan.dataset}
        for trial in plan.trials:
            folder = output_root / trial.run_id
            state = trial_state(folder, trial_fingerprint(trial), ignore_code)
            row[state] = row.get(state, 0) + 1
            if state == "failed":
                errors[trial.run_id] = read_record(folder).get("error", "")
        rows.append({**row, "trials": len(plan.trials)})
    table = pd.DataFrame(rows).fillna(0)
    keys = ["experiment", "dataset"]
    states = sorted(set(table.columns) - {*keys, "trials"})
    counts = table[[*states, "trials"]].astype(int)
    return pd.concat([table[keys], counts], axis=1), errors


def _read_row(plan, trial, folder):
    record = read_record(folder)
    wanted = Fingerprint(
        config=hash_config(trial.config),
        data=plan.data_hashes[trial.run_id],
        code=code_hash(trial.config.model),
    )
    state = trial_state(folder, wanted, ignore_code=True)
    if state != "done":
        return None
    metrics = json.loads((folder / "metrics.json").read_text())
    description = json.loads((folder / "config.json").read_text())
    parameters = {
        name: ",".join(map(str, value)) if isinstance(value, list) else value
        for name, value in trial.config.to_dict().items()
    }
    return {
        "experiment": plan.definition.name,
        "label": trial.label,
        "run_id": trial.run_id,
        **parameters,
        **{f"validation_{k}": v for k, v in metrics["validation"].items()},
        **{f"test_{k}": v for k, v in metrics["test"].items()},
        **{name: metrics[name] for name in RUN_VALUES},
        "num_threads": record.get("num_threads"),
        "config_hash": wanted.config,
        "data_hash": description["data_hash"],
        "code_hash": record.get("code"),
        "current": record.get("code") == wanted.code,
        **{f"version_{k}": v for k, v in description["versions"].items()},
    }


def _column(values):
    """A column of one type, also where models lack the parameter."""
    given = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in given):
        return pd.array(values, "boolean")
    if all(type(value) is int for value in given):
        return pd.array(values, "Int64")
    if all(type(value) in (int, float) for value in given):
        return pd.array(values, "Float64")
    texts = [None if value is None else str(value) for value in values]
    return pd.array(texts, "string")


def _order(rows):
    """All columns: keys, parameters, validation, test, the rest."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    groups = {"validation_": [], "test_": [], "version_": []}
    parameters, rest = [], []
    for name in names:
        for prefix, members in groups.items():
            if name.startswith(prefix) and name != "test_seconds":
                members.append(name)
                break
        else:
            (parameters if name not in _REST else rest).append(name)
    parameters = [name for name in parameters if name not in KEYS]
    return [
        *KEYS,
        *parameters,
        *groups["validation_"],
        *groups["test_"],
        *rest,
        *groups["version_"],
    ]


_REST = (
    *RUN_VALUES,
    "num_threads",
    "config_hash",
    "data_hash",
    "code_hash",
    "current",
)

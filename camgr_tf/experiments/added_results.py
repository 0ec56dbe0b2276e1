"""Results of another report's folder beside one's own."""

import pandas as pd

from camgr_tf.code_hash import code_hash
from camgr_tf.experiments.trial_record import hash_config

KEYS = ["experiment", "dataset", "label", "run_id"]


def add_runs(table, path, plans):
    """Rows of another table for runs that are planned and not made here.

    For sweeps whose seeds or labels ran on several machines. A row counts if
    it has the same parameters and the same data, whichever experiment it was
    made for; whether it has the same code too is said in its column
    `current`.

    Args:
        table: DataFrame of `collect_results`.
        path: Path of the other table's CSV file.
        plans: List of `Plan`.

    Returns:
        DataFrame: the rows of both in the order of the plans' trials.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has no such columns.
    """
    fingerprint = ["run_id", "config_hash", "data_hash"]
    other = read_table(path, [*KEYS, *fingerprint, "model", "code_hash"])
    places = {
        key: place for place, key in enumerate(_tuples(other, fingerprint))
    }
    known = set(_tuples(table, KEYS)) if len(table) else set()
    chosen, labels, order = [], [], []
    for plan in plans:
        for trial in plan.trials:
            names = (plan.definition.name, plan.dataset, trial.label)
            key = (*names, trial.run_id)
            config, data = hash_config(trial.config), plan.data_hashes
            place = places.get((trial.run_id, config, data[trial.run_id]))
            if key not in known:
                if place is None:
                    continue
                chosen.append(place)
                labels.append(names)
            order.append(key)
    added = other.iloc[chosen].copy()
    # Models of planned runs alone: the file may have some that are gone by now.
    codes = {name: code_hash(name) for name in added["model"].unique()}
    current = added["code_hash"] == added["model"].map(codes)
    added["current"] = current.fillna(False).astype("boolean")
    added[KEYS[:-1]] = pd.DataFrame(
        labels, index=added.index, columns=KEYS[:-1], dtype="string"
    )
    joined = _stack(table, added)
    rows = {key: row for row, key in enumerate(_tuples(joined, KEYS))}
    return joined.iloc[[rows[key] for key in order]].reset_index(drop=True)


def add_experiments(table, path, own):
    """Rows of another table for the experiments that a table lacks.

    Args:
        table: DataFrame.
        path: Path of the other table's CSV file.
        own: Collection of pairs, an experiment and a dataset: what `table`
            is about, even where it has no row of it.

    Returns:
        DataFrame: the rows of `table`, then those of the file whose
        experiment and dataset are not among `own`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has no such columns.
    """
    keys = ["experiment", "dataset"]
    other = read_table(path, keys)
    known = pd.MultiIndex.from_frame(other[keys]).isin(list(own))
    return _stack(table, other[~known])


def read_table(path, columns):
    """Reads a CSV file of a report.

    Args:
        path: Path.
        columns: List of strings, what it must have.

    Returns:
        DataFrame, without a row if nothing is in the file, as in that of a
        report without tests.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it lacks one of the columns.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        table = pd.read_csv(path, dtype_backend="numpy_nullable")
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns, dtype="string")
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}.")
    return table


def _tuples(table, columns):
    return table[columns].itertuples(index=False, name=None)


def _stack(table, other):
    """Puts rows below a table, each column in the table's type."""
    ours = table.dropna(axis="columns", how="all")
    shared = ours.columns.intersection(other.columns)
    other = other.astype({name: ours[name].dtype for name in shared})
    rows = [ours, other.dropna(axis="columns", how="all")]
    names = dict.fromkeys([*table.columns, *other.columns])
    return pd.concat(rows, ignore_index=True).reindex(columns=list(names))

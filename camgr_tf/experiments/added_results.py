"""Results of another report's folder beside one's own."""

import pandas as pd

from camgr_tf.code_hash import code_hash
from camgr_tf.experiments.trial_record import hash_config

NAMES = ["experiment", "dataset", "label"]
KEYS = [*NAMES, "run_id"]
FINGERPRINT = ["run_id", "config_hash", "data_hash"]
TEXTS = {*KEYS, "model", "metric"}


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
    other = read_table(path, [*KEYS, *FINGERPRINT, "model", "code_hash"])
    planned = pd.DataFrame(
        [
            (
                plan.definition.name,
                plan.dataset,
                trial.label,
                trial.run_id,
                hash_config(trial.config),
                plan.data_hashes[trial.run_id],
            )
            for plan in plans
            for trial in plan.trials
        ],
        columns=[*NAMES, *FINGERPRINT],
        dtype="string",
    )
    other = other.drop(columns=NAMES).drop_duplicates(FINGERPRINT, keep="last")
    added = planned.merge(other, on=FINGERPRINT)
    # Models of planned runs alone: the file may have some that are gone by now.
    codes = {name: code_hash(name) for name in added["model"].unique()}
    current = added["code_hash"] == added["model"].map(codes)
    added["current"] = current.fillna(False).astype("boolean")
    joined = _stack(table, added).drop_duplicates(KEYS)
    return planned[KEYS].merge(joined, on=KEYS)[joined.columns]


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
    """Reads a CSV file of a report, each column in its type.

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
        names = pd.read_csv(path, nrows=0).columns
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns)
    missing = [name for name in columns if name not in names]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}.")
    # A label, a hash and a version may look like numbers.
    texts = [
        name
        for name in names
        if name in TEXTS
        or name.endswith("_hash")
        or name.startswith("version_")
    ]
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(texts, "string"),
        dtype_backend="numpy_nullable",
    )


def _stack(table, other):
    """Rows below others, each column in a type that holds both.

    A column without a value has no say in it; numbers and text are text.
    """
    names = dict.fromkeys([*table.columns, *other.columns])
    rows = [part.dropna(axis="columns", how="all") for part in (table, other)]
    joined = pd.concat(rows, ignore_index=True).reindex(columns=list(names))
    mixed = [name for name in names if joined[name].dtype == object]
    return joined.astype(dict.fromkeys(mixed, "string"))

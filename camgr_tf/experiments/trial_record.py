"""What is known of a trial's run: its state, and what it was made with."""

import json
from dataclasses import asdict
from dataclasses import dataclass

from camgr_tf.config import parameters_hash
from camgr_tf.staged_file import staged_file

FILE_NAME = "trial.json"
# Files that a training run continues from, or that mark it as finished.
RUN_FILES = (
    "metrics.json",
    "checkpoint.npz",
    "weights.npz",
    "history.csv",
    "config.json",
    "per_user.npz",
)


@dataclass(frozen=True)
class Fingerprint:
    """What a run's numbers follow from.

    Args:
        config: String. Hash of all resolved parameters.
        data: String. The dataset's content hash.
        code: String. `code_hash` of the model.
    """

    config: str
    data: str
    code: str


def hash_config(config):
    """Hash of a configuration, without the place of the data.

    Args:
        config: `ExperimentConfig`.

    Returns:
        String, SHA-256 in hexadecimal.
    """
    return parameters_hash(config.to_dict())


def read_record(folder):
    """The record in a run's folder.

    Args:
        folder: Path of `outputs/<run_id>`.

    Returns:
        Dictionary, `{}` if there is none or it cannot be read.
    """
    try:
        record = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(folder, fingerprint, status, **values):
    """Replaces the record in a run's folder.

    Args:
        folder: Path of `outputs/<run_id>`.
        fingerprint: `Fingerprint` of the run.
        status: String, `"running"`, `"done"`, `"failed"` or `"interrupted"`.
        **values: Plain values to keep with it, such as `error`.
    """
    record = {"status": status, **asdict(fingerprint), **values}
    with staged_file(folder / FILE_NAME) as staging:
        staging.write_text(json.dumps(record, indent=2) + "\n")


def trial_state(folder, fingerprint, ignore_code=False):
    """Whether a run has to be made, and why.

    Args:
        folder: Path of `outputs/<run_id>`.
        fingerprint: `Fingerprint` that the run should have.
        ignore_code: Boolean. Whether a run that other code made counts too.
            Defaults to `False`.

    Returns:
        String: `"done"`; `"running"`, `"failed"` or `"interrupted"` as
        recorded; `"outdated"` if it is of other code, data or parameters;
        `"missing"`.
    """
    record = read_record(folder)
    finished = (folder / "metrics.json").is_file()
    if not record:
        if not any((folder / name).is_file() for name in RUN_FILES):
            return "missing"
        if ignore_code and _data_hash(folder) == fingerprint.data:
            return "done" if finished else "interrupted"
        return "outdated"
    names = ["config", "data"] + ([] if ignore_code else ["code"])
    if any(record.get(n) != getattr(fingerprint, n) for n in names):
        return "outdated"
    if record["status"] == "done" and not finished:
        return "missing"
    return record["status"]


def clear_run(folder):
    """Removes what a run made of other code or data would continue from.

    Args:
        folder: Path of `outputs/<run_id>`.
    """
    for name in RUN_FILES:
        (folder / name).unlink(missing_ok=True)


def _data_hash(folder):
    try:
        return json.loads((folder / "config.json").read_text())["data_hash"]
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        return None

"""The files of a run, and what is made of them again."""

import json
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pandas as pd

from camgr_tf.code_hash import module_hashes
from camgr_tf.config import ExperimentConfig
from camgr_tf.config import parameters_hash
from camgr_tf.config import resolve_config
from camgr_tf.data.dataset import Dataset
from camgr_tf.data.dataset import load_dataset
from camgr_tf.device import describe_device
from camgr_tf.models import Recommender
from camgr_tf.registry import find_model
from camgr_tf.staged_file import staged_file
from camgr_tf.training.state import assign_arrays
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import model_weights

# Raised when the files of a run change their meaning. Since 2 a run's name
# is the hash of what differs from the defaults.
FORMAT = 2
PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas")


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training run.

    Args:
        folder: Path of `outputs/<run_id>`.
        config: `ExperimentConfig`.
        metrics: Dictionary, the content of `metrics.json`.
        history: DataFrame, one row an epoch.
        dataset: `camgr_tf.data.Dataset`.
        model: The model with the weights of the best epoch.
    """

    folder: Path
    config: ExperimentConfig
    metrics: dict
    history: pd.DataFrame
    dataset: Dataset
    model: Recommender


def build_model(config, dataset):
    """The model of a configuration, with its initial weights.

    Args:
        config: `ExperimentConfig`.
        dataset: `camgr_tf.data.Dataset`.

    Returns:
        `Recommender`.
    """
    parameters = dict(config.model_parameters)
    if "batch_size" in parameters:
        num_rows = len(dataset.interactions.train)
        parameters["batch_size"] = config.batch_size_for(num_rows)
    return find_model(config.model)(dataset, **parameters)


def load_run(folder, data_root=None, dataset=None, model=None):
    """Loads a finished run: configuration, results, data and weights.

    Args:
        folder: Path of `outputs/<run_id>`.
        data_root: Path of the folder of the data, if it is not where the run
            found it. Defaults to `None`.
        dataset: The run's `Dataset`, if it is loaded already. Defaults to
            `None`.
        model: The run's model, if it is built already. Defaults to `None`.

    Returns:
        `Run`.

    Raises:
        FileNotFoundError: If the folder is no finished run.
        ValueError: If a file is cut short, of another version of the
            package or not of this run, the data differ from those of the run,
            or the weights do not fit the configuration.
    """
    folder = Path(folder)
    for name in ("config.json", "metrics.json", "history.csv", "weights.npz"):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} is no finished run: it has no {name}."
            )
    metrics = read_metrics(folder)
    description = read_description(folder)
    config = _read_config(folder, description, metrics)
    history = read_history(folder)
    if dataset is None:
        dataset = read_dataset(config, data_root or _recorded_root(description))
    if dataset.content_hash != description["data_hash"]:
        raise ValueError(
            f"The data in {dataset.folder} are not those of the run {folder}: "
            f"their hash is {dataset.content_hash}, the run's is "
            f"{description['data_hash']}."
        )
    if model is None:
        model = build_model(config, dataset)
        load_weights(model, folder, metrics["best_epoch"])
    return Run(folder, config, metrics, history, dataset, model)


def _recorded_root(description):
    """Where the run found its data, if they are there still."""
    folder = Path(description.get("data_folder", ""))
    return folder.parent if folder.is_absolute() and folder.is_dir() else None


def read_dataset(config, data_root=None):
    """The data of a configuration.

    Args:
        config: `ExperimentConfig`.
        data_root: Path, in place of the configuration's. Defaults to `None`.

    Returns:
        `camgr_tf.data.Dataset`.
    """
    return load_dataset(
        config.dataset,
        data_root=data_root or config.data_root,
        modalities=config.modalities,
        split=config.split,
        split_seed=config.split_seed,
        mapped=config.sampling is not None,
    )


def load_weights(model, folder, best_epoch):
    """Fills a model with the weights of a run's best epoch.

    Args:
        model: `Recommender`.
        folder: Path of `outputs/<run_id>`.
        best_epoch: Integer, the epoch that they must be of.

    Raises:
        ValueError: If the file is cut short, does not fit the model or is of
            another epoch.
    """
    path = folder / "weights.npz"
    arrays, description = load_arrays(path)
    epoch = (description or {}).get("epoch", best_epoch)
    if epoch != best_epoch:
        raise ValueError(
            f"{path} holds the weights of epoch {epoch}, the run's best is "
            f"{best_epoch}: something else has written there. Train again "
            "with overwrite=True."
        )
    assign_arrays(model_weights(model), arrays, path)


def read_metrics(folder):
    """The content of a run's `metrics.json`, checked.

    Args:
        folder: Path of `outputs/<run_id>`.

    Returns:
        Dictionary with at least `run_id`, `validation`, `test` and
        `best_epoch`.

    Raises:
        ValueError: If it is cut short, or one of these is missing.
    """
    keys = {"run_id": str, "validation": dict, "test": dict, "best_epoch": int}
    return _read_object(folder / "metrics.json", keys)


def read_description(folder):
    """The content of a run's `config.json`, checked.

    Args:
        folder: Path of `outputs/<run_id>`.

    Returns:
        Dictionary with at least `parameters` and `data_hash`.

    Raises:
        ValueError: If it is cut short, or one of these is missing.
    """
    return _read_object(
        folder / "config.json", {"parameters": dict, "data_hash": str}
    )


def describe_run(config, dataset):
    """What `config.json` says of a run.

    Args:
        config: `ExperimentConfig`.
        dataset: `camgr_tf.data.Dataset`.

    Returns:
        Dictionary of plain values.
    """
    interactions = dataset.interactions
    return {
        "format": FORMAT,
        "run_id": config.run_id,
        "parameters": config.to_dict(),
        "batch_size": config.batch_size_for(len(interactions.train)),
        "code": module_hashes(config.model),
        "data_hash": dataset.content_hash,
        "data_folder": str(dataset.folder),
        "split": interactions.split,
        "split_seed": interactions.split_seed,
        "feature_widths": {
            m: int(f.shape[1]) for m, f in dataset.features.items()
        },
        "provenance": dataset.provenance,
        "device": describe_device(),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
    }


def write_json(path, values):
    """Writes plain values as JSON, whole or not at all.

    Args:
        path: Path of the file.
        values: Dictionary or list of plain values.
    """
    with staged_file(path) as staging:
        staging.write_text(json.dumps(values, indent=2) + "\n")


def _read_config(folder, description, metrics):
    path = folder / "config.json"
    received = description.get("format", 1)
    if received not in (1, FORMAT):
        raise ValueError(
            f"{path} is of another version of camgr_tf: expected format "
            f"{FORMAT}. Received: {received!r}"
        )
    parameters = description["parameters"]
    try:
        config = resolve_config(**parameters)
        digest = parameters_hash(parameters)[:8]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is of another version of camgr_tf: {error}"
        ) from error
    # Format 1 named runs by all their parameters.
    if received == FORMAT and not metrics["run_id"].endswith(f"-{digest}"):
        raise ValueError(
            f"{path} is not what the run was trained with: its parameters "
            f"give {digest}, metrics.json is of {metrics['run_id']}."
        )
    return config


def read_history(folder):
    """A run's `history.csv`.

    Args:
        folder: Path of `outputs/<run_id>`.

    Returns:
        DataFrame, one row an epoch.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is no table of epochs.
    """
    path = folder / "history.csv"
    try:
        history = pd.read_csv(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{folder} is no finished run: it has no history.csv."
        ) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no table of epochs: {error}") from error
    if "epoch" not in history:
        raise ValueError(
            f"{path} is no table of epochs. Received: the columns "
            f"{', '.join(history.columns)}"
        )
    return history


def _read_object(path, keys):
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path.parent} is no finished run: it has no {path.name}."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is cut short or is no JSON: {error}"
        ) from error
    if not isinstance(values, dict):
        raise ValueError(
            f"{path} must hold an object with {', '.join(keys)}. "
            f"Received: {type(values).__name__}"
        )
    for key, kind in keys.items():
        if not isinstance(values.get(key), kind):
            raise ValueError(
                f"{path} must have {key!r}, a {kind.__name__}. "
                f"Received: {values.get(key)!r}"
            )
    return values

import json
import platform
import resource
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from camgr_tf.config import ExperimentConfig
from camgr_tf.config import complete_parameters
from camgr_tf.config import parameters_digest
from camgr_tf.config import resolve_config
from camgr_tf.data.dataset import Dataset
from camgr_tf.data.dataset import load_dataset
from camgr_tf.device import device_options
from camgr_tf.models import Recommender
from camgr_tf.registry import MODELS
from camgr_tf.staged_file import staged_file
from camgr_tf.training.adam import Adam
from camgr_tf.training.callbacks import BestEpoch
from camgr_tf.training.callbacks import Checkpoint
from camgr_tf.training.callbacks import History
from camgr_tf.training.callbacks import LearningRateDecay
from camgr_tf.training.callbacks import Progress
from camgr_tf.training.callbacks import Validation
from camgr_tf.training.evaluate import Evaluator
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.state import assign_arrays
from camgr_tf.training.state import load_arrays
from camgr_tf.training.state import model_weights
from camgr_tf.training.state import save_arrays

OUTPUTS = Path(__file__).resolve().parents[2] / "outputs"
# Raised when the files of a run change their meaning.
FORMAT = 1
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


def train(config, output_root=None, overwrite=False, progress=True):
    """Trains, selects on validation, tests once, and writes the run.

    A run that was interrupted continues after its last whole epoch and ends
    as if it had not been. A run that is complete is loaded. A model without
    weights, such as item-kNN, trains no epoch and is evaluated once.

    `outputs/<run_id>/` then holds `config.json`, `metrics.json`,
    `history.csv`, `weights.npz`, `per_user.npz` (test metrics of every user)
    and `tensorboard/`.

    Args:
        config: `ExperimentConfig`.
        output_root: Path of the folder of all runs. Defaults to `None`: the
            project's `outputs/`.
        overwrite: Boolean. Trains anew, replacing what an earlier run of the
            same configuration left. Defaults to `False`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        `Run`.

    Raises:
        ValueError: If the training diverges in its first epoch, or the
            folder holds a run on other data.
    """
    folder = Path(output_root or OUTPUTS) / config.run_id
    if overwrite:
        for name in ("metrics.json", "checkpoint.npz", "weights.npz"):
            (folder / name).unlink(missing_ok=True)
    if (folder / "metrics.json").is_file():
        return load_run(folder, data_root=config.data_root)
    dataset = _load_dataset(config)
    validation = Evaluator(dataset.interactions, "validation")
    test = Evaluator(
        dataset.interactions, "test", mask_validation=config.mask_validation
    )
    model = build_model(config, dataset)
    if not model.trains:
        return _evaluate_once(folder, config, dataset, model, validation, test)
    compile_model(model, config)
    batches = TrainingBatches(
        dataset.interactions, config.batch_size, config.seed
    )
    model.track_losses(model.loss_terms(**batches[0]))

    identity = {"data_hash": dataset.content_hash, "run_id": config.run_id}
    best = BestEpoch(folder / "weights.npz", config.patience)
    history = History(folder / "history.csv")
    checkpoint = Checkpoint(folder / "checkpoint.npz", best, history, identity)
    first_epoch, stopped = checkpoint.restore(model)
    _write_json(folder / "config.json", _description(config, dataset))
    if not stopped and first_epoch < config.max_epochs:
        batches = TrainingBatches(
            dataset.interactions, config.batch_size, config.seed, first_epoch
        )
        callbacks = [
            LearningRateDecay(config.learning_rate, config.learning_rate_decay),
            Validation(validation),
            best,
            history,
            checkpoint,
            keras.callbacks.TensorBoard(
                str(folder / "tensorboard"), write_graph=False
            ),
        ]
        if progress:
            label = f"{config.dataset} {config.model} seed {config.seed}"
            callbacks.append(Progress(label, config.max_epochs, first_epoch))
        model.fit(
            batches,
            initial_epoch=first_epoch,
            epochs=config.max_epochs,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )
    if best.state["epoch"] < 0:
        raise ValueError(
            f"{config.model} diverged in its first epoch: the loss is not "
            "finite. A smaller learning rate may help. Received: "
            f"learning_rate={config.learning_rate}"
        )
    _load_weights(model, folder)
    _write_results(folder, config, model, best.state, history.rows, test)
    checkpoint.path.unlink(missing_ok=True)
    return load_run(folder, dataset=dataset, model=model)


def _evaluate_once(folder, config, dataset, model, validation, test):
    """The run of a model without weights: no epoch, one row of history."""
    started = time.perf_counter()
    metrics = validation.evaluate(*model.embed())
    row = {
        "epoch": 0,
        "train_seconds": 0.0,
        **{f"val_{name}": value for name, value in metrics.items()},
        "evaluation_seconds": time.perf_counter() - started,
        "best_epoch": 0,
    }
    _write_json(folder / "config.json", _description(config, dataset))
    History(folder / "history.csv").add(row)
    save_arrays(folder / "weights.npz", model_weights(model))
    best = {"epoch": 0, "metrics": metrics}
    _write_results(folder, config, model, best, [row], test)
    return load_run(folder, dataset=dataset, model=model)


def build_model(config, dataset):
    """The model of a configuration, with its initial weights.

    Args:
        config: `ExperimentConfig`.
        dataset: `camgr_tf.data.Dataset`.

    Returns:
        `Recommender`.
    """
    return MODELS[config.model](dataset, **config.model_parameters)


def compile_model(model, config):
    """Gives a model the optimizer of a configuration, with its state.

    Args:
        model: `Recommender`.
        config: `ExperimentConfig`.
    """
    optimizer = Adam(
        config.learning_rate,
        coupled_weight_decay=config.coupled_weight_decay,
        scales=model.learning_rate_scale,
    )
    model.compile(optimizer=optimizer, jit_compile=False)
    optimizer.build(model.trainable_variables)


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
    for name in ("config.json", "metrics.json", "weights.npz"):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} is no finished run: it has no {name}."
            )
    metrics = _read_json(folder / "metrics.json")
    description = _read_json(folder / "config.json")
    config = _read_config(folder / "config.json", description, metrics)
    if dataset is None:
        dataset = _load_dataset(config, data_root)
    if dataset.content_hash != description["data_hash"]:
        raise ValueError(
            f"The data in {dataset.folder} are not those of the run {folder}: "
            f"their hash is {dataset.content_hash}, the run's is "
            f"{description['data_hash']}."
        )
    if model is None:
        model = build_model(config, dataset)
        _load_weights(model, folder)
    return Run(
        folder=folder,
        config=config,
        metrics=metrics,
        history=pd.read_csv(folder / "history.csv"),
        dataset=dataset,
        model=model,
    )


def _read_config(path, description, metrics):
    # The first runs did not say their format.
    received = description.get("format", FORMAT)
    if received != FORMAT:
        raise ValueError(
            f"{path} is of another version of camgr_tf: expected format "
            f"{FORMAT}. Received: {received!r}"
        )
    parameters = description["parameters"]
    digest = parameters_digest(parameters)
    if not metrics["run_id"].endswith(f"-{digest}"):
        raise ValueError(
            f"{path} is not what the run was trained with: its parameters "
            f"give {digest}, metrics.json is of {metrics['run_id']}."
        )
    try:
        return resolve_config(**complete_parameters(parameters))
    except ValueError as error:
        raise ValueError(
            f"{path} is of another version of camgr_tf: {error}"
        ) from error


def _load_dataset(config, data_root=None):
    return load_dataset(
        config.dataset,
        data_root=data_root or config.data_root,
        modalities=config.modalities,
        split=config.split,
        split_seed=config.split_seed,
    )


def _load_weights(model, folder):
    path = folder / "weights.npz"
    arrays, _ = load_arrays(path)
    assign_arrays(model_weights(model), arrays, path)


def _description(config, dataset):
    interactions = dataset.interactions
    return {
        "format": FORMAT,
        "parameters": config.to_dict(),
        "data_hash": dataset.content_hash,
        "split": interactions.split,
        "split_seed": interactions.split_seed,
        "feature_widths": {
            m: int(f.shape[1]) for m, f in dataset.features.items()
        },
        "provenance": dataset.provenance,
        "device": device_options(),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
    }


def _write_results(folder, config, model, best, rows, test):
    started = time.perf_counter()
    ranking = test.rank(*model.embed())
    per_user = test.per_user(ranking)
    seconds = [row["train_seconds"] for row in rows]
    results = {
        "run_id": config.run_id,
        "validation": best["metrics"],
        "test": test.summarize(ranking),
        "masked_in_test": ["train", "validation"]
        if config.mask_validation
        else ["train"],
        "best_epoch": best["epoch"],
        "epochs": len(rows) if model.trains else 0,
        "seconds_per_epoch": float(np.median(seconds)),
        "train_seconds": float(np.sum(seconds)),
        "test_seconds": time.perf_counter() - started,
        "peak_memory_mb": _peak_memory_mb(),
        "num_weights": sum(int(np.prod(v.shape)) for v in model.weights),
    }
    arrays = {"user_ids": test.user_ids, **per_user}
    save_arrays(folder / "per_user.npz", arrays)
    # Last: a folder that has it is a finished run.
    _write_json(folder / "metrics.json", results)


def _peak_memory_mb():
    # Kilobytes on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_json(path, values):
    with staged_file(path) as staging:
        staging.write_text(json.dumps(values, indent=2) + "\n")


def _read_json(path):
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path} is cut short or is no JSON: {error}"
        ) from error

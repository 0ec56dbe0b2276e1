import contextlib
import logging
import resource
import time
import warnings

import keras
import numpy as np

from camgr_tf import paths
from camgr_tf.allocator import keep_freed_memory
from camgr_tf.code_hash import changed_modules
from camgr_tf.code_hash import module_hashes
from camgr_tf.device import has_gpu
from camgr_tf.device import peak_gpu_memory_mb
from camgr_tf.device import prepare_device
from camgr_tf.training.adam import Adam
from camgr_tf.training.blockwise_embeddings import blockwise_embeddings
from camgr_tf.training.callbacks import BestEpoch
from camgr_tf.training.callbacks import Checkpoint
from camgr_tf.training.callbacks import History
from camgr_tf.training.callbacks import LearningRateDecay
from camgr_tf.training.callbacks import Progress
from camgr_tf.training.callbacks import Validation
from camgr_tf.training.evaluate import Evaluator
from camgr_tf.training.gradient_norms import GradientNorms
from camgr_tf.training.notebook_progress import NotebookProgress
from camgr_tf.training.notebook_progress import in_notebook
from camgr_tf.training.run_claim import claimed_run
from camgr_tf.training.sampled_training import SampledBatches
from camgr_tf.training.sampled_training import SampledStep
from camgr_tf.training.sampled_training import compile_sampled
from camgr_tf.training.sampled_training import sampled_terms
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.saved_runs import build_model
from camgr_tf.training.saved_runs import describe_run
from camgr_tf.training.saved_runs import load_run
from camgr_tf.training.saved_runs import load_weights
from camgr_tf.training.saved_runs import read_dataset
from camgr_tf.training.saved_runs import read_description
from camgr_tf.training.saved_runs import write_json
from camgr_tf.training.state import model_weights
from camgr_tf.training.state import save_arrays
from camgr_tf.training.worker_group import StopTogether
from camgr_tf.training.worker_group import WorkerGroup

LOGGER = logging.getLogger(__name__)
# Above this share of left-out pairs a step's graph is another one.
LEFT_OUT_WARNING = 0.2
STEPS_PER_CALL_OF_GPU = 64


def train(
    config, output_root=None, overwrite=False, progress=True, strategy=None
):
    """Trains, selects on validation, tests once, and writes the run.

    A run that was interrupted continues after its last whole epoch and ends
    as if it had not been. A run that is complete is loaded; if the code that
    it depends on is another by now, a warning names the changed modules.

    `outputs/<run_id>/` then holds `config.json`, `metrics.json`,
    `history.csv`, `weights.npz`, `per_user.npz` (test metrics of every user)
    and `tensorboard/`. While it trains, the process holds the folder.

    Args:
        config: `ExperimentConfig`.
        output_root: Path of the folder of all runs. Defaults to `None`:
            `CAMGR_OUTPUTS` or else `outputs/`, see `camgr_tf.paths`.
        overwrite: Boolean. Trains anew, replacing what an earlier run of the
            same configuration left. Defaults to `False`.
        progress: Boolean. Whether progress is shown. Defaults to `True`.
        strategy: `tf.distribute.Strategy` of the workers that train this run
            together, see `camgr_tf.training.worker_group.WorkerGroup`; each
            calls this function with the same arguments. Worker 0 alone
            evaluates and writes. Defaults to `None`: one process.

    Returns:
        `Run`.

    Raises:
        ValueError: If the training diverges in its first epoch, the folder
            holds a run of other data or parameters, or several workers
            cannot divide the model's loss.
        RunInUseError: If another process is training this run; it is named.
    """
    keep_freed_memory()
    prepare_device()
    folder = paths.output_root(output_root) / config.run_id
    group = WorkerGroup(strategy)
    with (
        claimed_run(folder, overwrite)
        if group.is_chief
        else contextlib.nullcontext()
    ):
        # What worker 0 removes, no other one may find.
        group.any(False)
        finished = (folder / "metrics.json").is_file()
        if finished or (folder / "checkpoint.npz").is_file():
            _compare_with_recorded(folder, config)
        if finished:
            return load_run(folder, data_root=config.data_root)
        return _train(config, folder, progress, group)


def _train(config, folder, progress, group):
    dataset = read_dataset(config)
    validation = Evaluator(dataset.interactions, "validation")
    test = Evaluator(
        dataset.interactions, "test", mask_validation=config.mask_validation
    )
    model = build_model(config, dataset)
    if not model.trains and group.num_workers == 1:
        return _evaluate_once(folder, config, dataset, model, validation, test)
    compile_model(model, config)
    group.share(
        model,
        SampledStep(model).gradients if config.sampling else model.gradients,
    )
    batch_size = config.batch_size_for(len(dataset.interactions.train))
    batches = TrainingBatches(dataset.interactions, batch_size, config.seed)
    _describe_batches(config, batches)
    probe = batches[0]
    embed = blockwise_embeddings if config.sampling else type(model).embed
    if config.sampling:
        model.track_losses(sampled_terms(model, batches, config.fanouts))
    else:
        model.track_losses(model.loss_terms(**probe))

    identity = {"data_hash": dataset.content_hash, "run_id": config.run_id}
    best = BestEpoch(folder / "weights.npz", config.patience, config.min_epochs)
    history = History(folder / "history.csv")
    checkpoint = Checkpoint(folder / "checkpoint.npz", best, history, identity)
    first_epoch, stopped = checkpoint.restore(model)
    if group.is_chief:
        write_json(folder / "config.json", describe_run(config, dataset))
    if not stopped and first_epoch < config.max_epochs:
        one = config.sampling or group.num_workers > 1
        num_steps = 1 if one else steps_per_call()
        batches = TrainingBatches(
            dataset.interactions,
            batch_size,
            config.seed,
            first_epoch,
            num_steps,
        )
        if num_steps > 1:
            model.rows_per_step = batch_size
        if config.sampling:
            batches = SampledBatches(
                batches,
                model,
                config.fanouts,
                group.worker,
                group.num_workers,
            )
        decay = LearningRateDecay(
            config.learning_rate, config.learning_rate_decay
        )
        callbacks = [
            # Their batch is one of the whole graph.
            *([] if config.sampling else [GradientNorms(probe)]),
            Validation(validation, embed),
            best,
            history,
            checkpoint,
            keras.callbacks.TensorBoard(
                str(folder / "tensorboard"), write_graph=False
            ),
        ]
        if progress and group.is_chief:
            label = (
                f"{config.dataset} {config.model} seed {config.seed}, "
                f"batches of {batch_size}"
            )
            shown = NotebookProgress if in_notebook() else Progress
            callbacks.append(shown(label, config.max_epochs, best, first_epoch))
        if not group.is_chief:
            callbacks = []
        callbacks = [decay, *callbacks]
        if group.num_workers > 1:
            callbacks.append(StopTogether(group))
        model.fit(
            batches,
            initial_epoch=first_epoch,
            epochs=config.max_epochs,
            callbacks=callbacks,
            verbose=0,
            shuffle=False,
        )
    if not group.is_chief:
        group.any(False)  # until worker 0 has written everything
        return load_run(folder, dataset=dataset)
    if best.state["epoch"] < 0:
        raise ValueError(
            f"{config.model} diverged in its first epoch: the loss is not "
            "finite. A smaller learning rate may help. Received: "
            f"learning_rate={config.learning_rate}"
        )
    load_weights(model, folder, best.state["epoch"])
    _write_results(folder, config, model, best.state, history.rows, test, embed)
    checkpoint.path.unlink(missing_ok=True)
    group.any(False)
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
    write_json(folder / "config.json", describe_run(config, dataset))
    History(folder / "history.csv").add(row)
    save_arrays(folder / "weights.npz", model_weights(model))
    best = {"epoch": 0, "metrics": metrics}
    _write_results(folder, config, model, best, [row], test, type(model).embed)
    return load_run(folder, dataset=dataset, model=model)


def steps_per_call():
    """Training steps between two looks of Python, by the device.

    A GPU would else wait for Python at each step. A step of a processor is
    too long for that to matter, and it can be interrupted after each one.
    """
    return STEPS_PER_CALL_OF_GPU if has_gpu() else 1


def compile_model(model, config):
    """Gives a model the optimizer of a configuration, with its state.

    Args:
        model: `Recommender`.
        config: `ExperimentConfig`.
    """
    if config.sampling:
        compile_sampled(model, config)
        return
    optimizer = Adam(
        config.learning_rate,
        coupled_weight_decay=config.coupled_weight_decay,
        scales=model.learning_rate_scale,
    )
    model.compile(optimizer=optimizer, jit_compile=False)
    optimizer.build(model.trainable_variables)


def _compare_with_recorded(folder, config):
    """Refuses a run of other parameters, and warns of one of other code."""
    description = read_description(folder)
    recorded = {**config.to_dict(), **description["parameters"]}
    different = {
        name: (recorded[name], value)
        for name, value in config.to_dict().items()
        if name != "data_root" and not _same(recorded[name], value)
    }
    if different:
        changes = ", ".join(
            f"{name} was {before!r} and is {now!r}"
            for name, (before, now) in different.items()
        )
        raise ValueError(
            f"{folder} was made when a default was another: {changes}. Train "
            "with overwrite=True, or give the earlier value."
        )
    now = module_hashes(config.model)
    changed = changed_modules(description.get("code", now), now)
    if changed:
        warnings.warn(
            f"{config.run_id} was made by other code: {', '.join(changed)} "
            "changed since. Its old numbers are kept; train with "
            "overwrite=True for new ones.",
            stacklevel=3,
        )


def _same(recorded, value):
    return recorded == (list(value) if isinstance(value, tuple) else value)


def _describe_batches(config, batches):
    """Says the batch size, and warns where it empties the graph."""
    num_rows, size = len(batches.rows), batches.batch_size
    if config.batch_size is None:
        LOGGER.info(
            "batch_size=%d, from %d training rows: %d steps an epoch",
            size,
            num_rows,
            len(batches),
        )
    share = min(1.0, size / num_rows)
    if share > LEFT_OUT_WARNING:
        warnings.warn(
            f"batch_size={size} is {share:.0%} of the {num_rows} training "
            "rows: models that leave a batch's pairs out of the graph see "
            "little of it. A smaller batch_size, or none given, is better.",
            stacklevel=4,
        )


def _write_results(folder, config, model, best, rows, test, embed):
    started = time.perf_counter()
    ranking = test.rank(*embed(model))
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
        "peak_gpu_memory_mb": peak_gpu_memory_mb(),
        "num_weights": sum(int(np.prod(v.shape)) for v in model.weights),
    }
    arrays = {"user_ids": test.user_ids, **per_user}
    save_arrays(folder / "per_user.npz", arrays)
    # Last: a folder that has it is a finished run.
    write_json(folder / "metrics.json", results)


def _peak_memory_mb():
    # Kilobytes on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

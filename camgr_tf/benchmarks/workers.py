"""How many pairs a second the workers of one run learn from."""

import tempfile
from pathlib import Path

import pandas as pd
import psutil

from camgr_tf.config import resolve_config
from camgr_tf.data.dataset import load_dataset
from camgr_tf.training.ray_training import train_on_ray
from camgr_tf.training.runs import train


def measure_workers(
    dataset,
    data_root,
    model="camgr",
    sampling=None,
    batch_size=None,
    executor="local",
    num_workers=1,
    threads=1,
    repeats=5,
):
    """Trains a run for some epochs, and times those behind the first.

    The first one traces the step; evaluation and the start of Ray are not
    part of the time.

    Args:
        dataset: String. Folder of the data.
        data_root: String. Folder that holds it.
        model: String. Defaults to `"camgr"`.
        sampling: String, as of `ExperimentConfig`. Defaults to `None`: the
            whole graph.
        batch_size: Integer. Defaults to `None`: the model's own.
        executor: String, `"local"` or `"ray"`. Defaults to `"local"`: this
            process.
        num_workers: Integer. Of Ray. Defaults to `1`.
        threads: Integer. Of each worker. Defaults to `1`.
        repeats: Integer. Timed epochs. Defaults to `5`.

    Returns:
        Dictionary of plain values, one row of the table. The time is the
        fastest epoch's: others may have run beside it.
    """
    config = resolve_config(
        model=model,
        dataset=dataset,
        data_root=data_root,
        sampling=sampling,
        batch_size=batch_size,
        max_epochs=1 + repeats,
        patience=1 + repeats,
    )
    with tempfile.TemporaryDirectory() as folder:
        if executor == "local":
            train(config, folder, progress=False)
        else:
            train_on_ray(
                config,
                num_workers,
                folder,
                progress=False,
                cpus_per_worker=threads,
            )
        history = pd.read_csv(Path(folder) / config.run_id / "history.csv")
    interactions = load_dataset(dataset, data_root).interactions
    seconds = float(history["train_seconds"][1:].min())
    return {
        "users": interactions.num_users,
        "items": interactions.num_items,
        "train_pairs": len(interactions.train),
        "workers": num_workers,
        "epoch_seconds": seconds,
        "pairs_per_second": len(interactions.train) / seconds,
        "load": psutil.getloadavg()[0],
    }

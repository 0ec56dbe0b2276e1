"""Finished runs that nobody trained, for tests."""

import json

import numpy as np
import pandas as pd

from camgr_tf.experiments.driver import trial_fingerprint
from camgr_tf.experiments.trial_record import write_record

USER_IDS = np.arange(40)


def write_fake_run(trial, output_root, recall=0.1, per_user=None):
    """Writes what `train` and the driver leave of a run.

    Args:
        trial: `Trial`.
        output_root: Path of the folder of all runs.
        recall: Float. Test Recall@20; all other metrics are fixed parts of
            it. Defaults to `0.1`.
        per_user: Float array of shape `(40,)`. Every metric of every user.
            Defaults to `None`: `recall` for all.

    Returns:
        Path of the run's folder.
    """
    folder = output_root / trial.run_id
    folder.mkdir(parents=True)
    fingerprint = trial_fingerprint(trial)
    values = {
        "recall@10": 0.6 * recall,
        "recall@20": recall,
        "ndcg@10": 0.3 * recall,
        "ndcg@20": 0.4 * recall,
    }
    metrics = {
        "run_id": trial.run_id,
        "validation": values,
        "test": values,
        "best_epoch": 1,
        "epochs": 3,
        "seconds_per_epoch": 2.0,
        "train_seconds": 6.0,
        "test_seconds": 1.0,
        "peak_memory_mb": 500.0,
        "num_weights": 1000,
    }
    description = {
        "parameters": trial.config.to_dict(),
        "data_hash": fingerprint.data,
        "versions": {"python": "3.11", "tensorflow": "2.21", "keras": "3.15"},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "config.json").write_text(json.dumps(description))
    pd.DataFrame(
        {
            "train_seconds": [2.0, 2.0, 2.0],
            "val_recall@20": [0.5 * recall, recall, 0.9 * recall],
        }
    ).to_csv(folder / "history.csv", index=False)
    if per_user is None:
        per_user = np.full(len(USER_IDS), recall)
    np.savez(
        folder / "per_user.npz",
        user_ids=USER_IDS,
        **dict.fromkeys(values, per_user),
    )
    write_record(folder, fingerprint, "done", seconds=8.0, num_threads=1)
    return folder

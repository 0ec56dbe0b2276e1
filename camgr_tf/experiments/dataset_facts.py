"""What the results have to say of the data they were measured on."""

import functools

import numpy as np

from camgr_tf.data.dataset import find_dataset
from camgr_tf.data.dataset import load_dataset
from camgr_tf.data.statistics import summarize_interactions


def describe_dataset(config):
    """Counts, split and origin of a configuration's data, in plain values.

    Args:
        config: `ExperimentConfig`.

    Returns:
        Dictionary of `content_hash`, `statistics`, `split`, `split_seed`,
        `feature_widths`, `provenance`, and `test_items`: a dictionary from a
        number of test items to the number of users that have so many.
    """
    folder = find_dataset(config.dataset, config.data_root)
    return _describe(
        _stamps(folder),
        config.dataset,
        config.data_root,
        config.modalities,
        config.split,
        config.split_seed,
    )


def _stamps(folder):
    """What changes when the data are built again."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    stats = [path.stat() for path in files]
    return tuple(
        (f.name, s.st_size, s.st_mtime_ns) for f, s in zip(files, stats)
    )


@functools.lru_cache(maxsize=32)
def _describe(_stamps, name, data_root, modalities, split, split_seed):
    dataset = load_dataset(
        name,
        data_root=data_root,
        modalities=modalities,
        split=split,
        split_seed=split_seed,
    )
    interactions = dataset.interactions
    _, counts = np.unique(interactions.test[:, 0], return_counts=True)
    numbers, users = np.unique(counts, return_counts=True)
    return {
        "content_hash": dataset.content_hash,
        "statistics": summarize_interactions(interactions),
        "split": interactions.split,
        "split_seed": interactions.split_seed,
        "feature_widths": {
            m: int(f.shape[1]) for m, f in dataset.features.items()
        },
        "provenance": dataset.provenance,
        "test_items": {
            str(n): int(u) for n, u in zip(numbers, users, strict=True)
        },
    }

"""Catalogues of millions of users, made and read in little memory."""

from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.benchmarks.synthetic_dataset import SIZES
from camgr_tf.benchmarks.synthetic_dataset import draw_items
from camgr_tf.benchmarks.synthetic_dataset import held_out_degrees
from camgr_tf.benchmarks.synthetic_dataset import item_shares
from camgr_tf.benchmarks.synthetic_dataset import split_pairs
from camgr_tf.benchmarks.synthetic_dataset import user_degrees
from camgr_tf.benchmarks.synthetic_features import clustered_features
from camgr_tf.data.dataset import Dataset
from camgr_tf.data.interactions import PARTS
from camgr_tf.data.interactions import Interactions

# Users whose pairs are drawn at one time: some 100 MB.
BLOCK_USERS = 100_000


def catalogue_size(num_users):
    """Items and pairs of so many users, in the ratio of Amazon Baby.

    Args:
        num_users: Integer.

    Returns:
        Tuple of two integers.
    """
    users, *others = SIZES["baby"]
    return tuple(round(number * num_users / users) for number in others)


def make_catalogue(num_users, widths, folder, seed=0):
    """Writes a catalogue with the degrees and parts of `synthetic_dataset`.

    Users are drawn in blocks, features into mapped files: memory holds the
    items' shares, the users' degrees and one block.

    Args:
        num_users: Integer.
        widths: Dictionary from a modality to its width.
        folder: Path of an existing folder, which gets a file for each part
            and each modality.
        seed: Integer. Defaults to `0`.
    """
    folder = Path(folder)
    num_items, num_pairs = catalogue_size(num_users)
    rng = np.random.default_rng(seed)
    degrees = user_degrees(num_users, num_items, num_pairs, rng)
    shares = item_shares(num_items, rng)
    held_out = int(held_out_degrees(degrees).sum())
    sizes = {"train": num_pairs - 2 * held_out}
    parts = {
        part: _mapped(folder / part, (sizes.get(part, held_out), 2), "int32")
        for part in PARTS
    }
    ends = dict.fromkeys(PARTS, 0)
    for start in range(0, num_users, BLOCK_USERS):
        pairs = draw_items(degrees[start : start + BLOCK_USERS], shares, rng)
        for part, rows in zip(PARTS, split_pairs(pairs, rng)):
            rows[:, 0] += start
            end = ends[part] + len(rows)
            parts[part][ends[part] : end] = rows
            ends[part] = end
    np.save(folder / "size.npy", [num_users, num_items])
    for modality, width in widths.items():
        path = folder / f"{modality}_feat"
        out = _mapped(path, (num_items, width), "float32")
        clustered_features(num_items, width, seed, out=out)


def open_catalogue(folder):
    """A catalogue that `make_catalogue` wrote.

    Args:
        folder: Path of the folder.

    Returns:
        `camgr_tf.data.Dataset` whose features are mapped files; its tables
        of users and items have no columns.
    """
    folder = Path(folder)
    num_users, num_items = np.load(folder / "size.npy").tolist()
    features = {
        path.name.removesuffix("_feat.npy"): np.load(path, mmap_mode="r")
        for path in sorted(folder.glob("*_feat.npy"))
    }
    return Dataset(
        name=f"catalogue of {num_users} users",
        folder=folder,
        interactions=Interactions(
            num_users,
            num_items,
            *(np.load(folder / f"{part}.npy") for part in PARTS),
            split="random",
            split_seed=None,
        ),
        features=features,
        has_modality={m: np.ones(num_items, bool) for m in features},
        items=pd.DataFrame(index=range(num_items)),
        users=pd.DataFrame(index=range(num_users)),
        provenance={},
        content_hash="",
    )


def _mapped(path, shape, dtype):
    return np.lib.format.open_memmap(
        path.with_suffix(".npy"), "w+", dtype=dtype, shape=shape
    )

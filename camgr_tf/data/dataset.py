"""Loads a dataset folder: interactions, features, and what describes them."""

import hashlib
import json
import pkgutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf import paths
from camgr_tf.data.catalog import complete_catalog
from camgr_tf.data.catalog import read_catalog
from camgr_tf.data.cold_items import COLD_ITEMS
from camgr_tf.data.cold_items import hold_out_items
from camgr_tf.data.features import load_features
from camgr_tf.data.id_range import check_id_range
from camgr_tf.data.interaction_table import read_interaction_table
from camgr_tf.data.interactions import Interactions
from camgr_tf.data.interactions import build_interactions
from camgr_tf.data.interactions import drop_duplicates
from camgr_tf.data.splits import SPLIT_RULES
from camgr_tf.data.splits import split_table
from camgr_tf.near_names import near_names

# By name: what makes folders imports what reads them, never the reverse.
DEMO_MAKER = "camgr_tf.ingest.demo:ensure_demo"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset as models and notebooks receive it.

    Args:
        name: String, the name of the folder.
        folder: The folder that was read.
        interactions: The user-item pairs, in three parts.
        features: Dictionary of modality to float32 array of shape
            `(num_items, width)`, in the order in which they were asked for.
        has_modality: Dictionary of modality to bool array of shape
            `(num_items,)`; `False` where an item has no such content.
        items: DataFrame indexed by itemID with the column `original_id` and,
            where the folder has an `items.csv`, its other columns. In
            `image` are absolute paths; a field that is not known is `""`.
        users: DataFrame indexed by userID with the column `original_id`.
        provenance: Dictionary, where the files come from; `{}` if the folder
            does not say.
        content_hash: String, SHA-256 of the split pairs and the features.
    """

    name: str
    folder: Path
    interactions: Interactions
    features: dict[str, np.ndarray]
    has_modality: dict[str, np.ndarray]
    items: pd.DataFrame
    users: pd.DataFrame
    provenance: dict
    content_hash: str


def load_dataset(
    dataset: str,
    data_root: str | Path | None = None,
    modalities: tuple[str, ...] = ("image", "text"),
    split: str = "file",
    split_seed: int = 0,
    mapped: bool = False,
) -> Dataset:
    """Reads `<root>/<dataset>`, a folder in MMRec's format.

    The number of items is the number of feature rows, so an item that nobody
    bought can be recommended. Without modalities it is 1 + the largest itemID
    in the files; the number of users is always found in that way.

    Args:
        dataset: String, the name of the folder. `"demo"` is made on first use
            in `data` of the clone or the working directory, unless the root
            has one.
        data_root: The folder of the datasets. Defaults to `None`: the
            environment variable `CAMGR_DATA` or, without it, `data` in the
            clone or the working directory.
        modalities: Names of the feature files to read, `<modality>_feat.npy`.
            Defaults to `("image", "text")`.
        split: String. `"file"` takes the parts from the column `x_label`;
            `"random"`, `"leave_one_out"`, `"temporal_global"` and
            `"temporal_user"` make them anew, see `camgr_tf.data.splits`.
            `"cold_items"` takes a fifth of the items out of training, see
            `camgr_tf.data.cold_items`. Defaults to `"file"`.
        split_seed: Integer, for the rules that draw. Defaults to `0`.
        mapped: Boolean. Whether features stay in their files, mapped into
            memory; files that are not float32 are read all the same. Defaults
            to `False`.

    Returns:
        A `Dataset`.

    Raises:
        FileNotFoundError: if the folder, its `.inter` file or a feature file
            is missing.
        ValueError: if a file is not as it must be. The message names the file
            and the row.
    """
    folder = find_dataset(dataset, data_root)
    path = folder / f"{dataset}.inter"
    table = _read_rows(path, split)
    features, has_modality = _read_features(folder, modalities, mapped)
    items_path = folder / "items.csv"
    items = read_catalog(items_path, "itemID")
    users = read_catalog(folder / "users.csv", "userID")
    if features:
        num_items = len(next(iter(features.values())))
        _check_item_ids(path, table, features, num_items)
    else:
        check_id_range(path, table["itemID"], items)
        num_items = _count_ids(table["itemID"], items)
    check_id_range(path, table["userID"], users)
    num_users = _count_ids(table["userID"], users)
    items = complete_catalog(items, items_path, "itemID", num_items)
    if "image" in items:
        known = items["image"] != ""
        absolute = [str(folder / name) for name in items.loc[known, "image"]]
        items.loc[known, "image"] = absolute
    if split == "file":
        labels, seed = table["x_label"].to_numpy(), None
    elif split == COLD_ITEMS:
        labels, seed = table["x_label"].to_numpy(), split_seed
        labels = hold_out_items(table["itemID"].to_numpy(), labels, seed)
    else:
        labels, seed = split_table(table, split, split_seed, path)
    interactions = build_interactions(
        table, labels, path, num_users, num_items, split, seed
    )
    return Dataset(
        name=dataset,
        folder=folder,
        interactions=interactions,
        features=features,
        has_modality=has_modality,
        items=items,
        users=complete_catalog(
            users, folder / "users.csv", "userID", num_users
        ),
        provenance=_read_provenance(folder / "provenance.json"),
        content_hash=_hash_content(interactions, features, has_modality),
    )


def find_dataset(dataset: str, data_root: str | Path | None = None) -> Path:
    """Returns the folder of a dataset, and makes that of `"demo"`.

    Args:
        dataset: String, the name of the folder.
        data_root: As in `load_dataset`. Defaults to `None`.

    Returns:
        The absolute path of the folder.

    Raises:
        ValueError: if `dataset` is not a plain name.
        FileNotFoundError: if there is no such folder; the message says where
            it was looked for, and what is there.
    """
    if dataset in ("", "..") or dataset != Path(dataset).name:
        raise ValueError(
            "`dataset` must be the name of a folder below the data root, not "
            f"a path. Received: dataset={dataset!r}"
        )
    root = paths.data_root(data_root)
    if (root / dataset).is_dir():
        return root / dataset
    if dataset == "demo":
        return pkgutil.resolve_name(DEMO_MAKER)(
            paths.working_root() / "data" / "demo"
        )
    known = _list_folders(root)
    raise FileNotFoundError(
        f"No dataset {dataset!r}{near_names(dataset, known)}. Looked for the "
        f"folder {root / dataset}. Datasets in {root}: "
        f"{', '.join(known) or 'none'}. "
        "The root is `data_root`, else the environment variable CAMGR_DATA, "
        "else `data` in the clone or the working directory"
    )


def _list_folders(root):
    """Names the folders that hold an interaction file of their own name."""
    if not root.is_dir():
        return []
    files = root.glob("*/*.inter")
    return sorted(file.stem for file in files if file.parent.name == file.stem)


def _read_rows(path, split):
    """Reads the rows with the columns that the split needs, each pair once."""
    if split in ("file", COLD_ITEMS):
        table = read_interaction_table(path, ("x_label",))
        if "x_label" not in table:
            raise ValueError(
                f'{path}: split="{split}" needs a column `x_label` (0 train, '
                "1 validation, 2 test). Without it pass one of split="
                f"{', '.join(map(repr, SPLIT_RULES))}; the temporal ones need "
                "a column `timestamp`"
            )
    elif split == "random":
        table = read_interaction_table(path)
    else:
        table = read_interaction_table(path, ("timestamp",))
    return drop_duplicates(table, path)


def _read_features(folder, modalities, mapped):
    """Reads the modalities, which must agree on the number of items."""
    if isinstance(modalities, str) or len(set(modalities)) != len(modalities):
        raise ValueError(
            "`modalities` must be a tuple of different names. "
            f"Received: modalities={modalities!r}"
        )
    features, has_modality = {}, {}
    for modality in modalities:
        features[modality], has_modality[modality] = load_features(
            folder, modality, mapped
        )
    rows = {modality: len(array) for modality, array in features.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(
            f"{folder}: the feature files must have the same number of rows, "
            f"one for each item. Received: {rows}"
        )
    return features, has_modality


def _check_item_ids(path, table, features, num_items):
    beyond = table["itemID"][table["itemID"] >= num_items]
    if len(beyond):
        files = ", ".join(f"{modality}_feat.npy" for modality in features)
        raise ValueError(
            f"{path}, line {beyond.index[0]}: expected values of `itemID` "
            f"below {num_items}, the number of rows of {files}. "
            f"Received: {beyond.iloc[0]} ({len(beyond)} such lines)"
        )


def _count_ids(column, catalog):
    largest = column.max()
    if catalog is not None and len(catalog):
        largest = max(largest, catalog.index[-1])
    return int(largest) + 1


def _read_provenance(path):
    if not path.is_file():
        return {}
    try:
        provenance = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path}: expected a JSON object. Received: {error}"
        ) from error
    if not isinstance(provenance, dict):
        raise ValueError(
            f"{path}: expected a JSON object. "
            f"Received: {type(provenance).__name__}"
        )
    return provenance


def _hash_content(interactions, features, has_modality):
    """Hashes everything that a model sees of a dataset."""
    digest = hashlib.sha256()
    size = (interactions.num_users, interactions.num_items)
    named = [("size", np.array(size, np.int64)), *interactions.parts.items()]
    for modality, array in features.items():
        named.append((f"{modality} features", array))
        named.append((f"{modality} present", has_modality[modality]))
    for name, array in named:
        header = f"{name} {array.dtype.str} {array.shape}\n"
        digest.update(header.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()

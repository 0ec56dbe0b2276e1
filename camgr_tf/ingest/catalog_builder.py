"""Makes a dataset folder from a user's own catalog and interactions."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.dataset_folder import staged_folder
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.data.imputation import impute_features
from camgr_tf.data.interactions import build_interactions
from camgr_tf.data.splits import split_table
from camgr_tf.ingest.catalog_ids import plain_id
from camgr_tf.ingest.catalog_tables import INTERACTION_COLUMNS
from camgr_tf.ingest.catalog_tables import ITEM_COLUMNS
from camgr_tf.ingest.catalog_tables import read_interactions
from camgr_tf.ingest.catalog_tables import read_items
from camgr_tf.ingest.core_filter import filter_k_core
from camgr_tf.ingest.encoders import encode_pictures
from camgr_tf.ingest.encoders import encode_texts
from camgr_tf.ingest.provenance import describe_sources
from camgr_tf.ingest.provenance import write_provenance


def build_catalog_dataset(
    interactions,
    items,
    target,
    columns=None,
    encoding="utf-8",
    timestamp_format=None,
    min_rating=None,
    k_core=5,
    split="random",
    split_seed=0,
    image_root=None,
    image_options=None,
    text_options=None,
    imputation="mean",
    overwrite=False,
):
    """Makes a dataset folder from tables of interactions and items.

    Rows below `min_rating` are dropped, then all but the first of several
    rows of one user and item, then users and items outside the k-core. Users
    and items are numbered by their sorted ids, which stay in `users.csv` and
    `items.csv`. Items that nobody has are left out; items that are not in the
    table have neither picture nor text. Items without one of them are marked
    in `<modality>_mask.npy` and imputed. Usable pictures are copied into the
    folder.

    Args:
        interactions: Path of the table of interactions, see
            `catalog_tables.read_interactions`.
        items: Path of the table of items, see `catalog_tables.read_items`.
        target: The folder to make; its name is the dataset's name.
        columns: Optional dictionary of column names in the two files, keyed
            by `user`, `item`, `rating`, `timestamp`, `title`, `description`,
            `image`. Defaults to `None`, these names themselves.
        encoding: String, of text files. Defaults to `"utf-8"`.
        timestamp_format: String, the form of the dates, such as
            `"%d/%m/%Y"`. Defaults to `None`: it is found out, or asked for.
        min_rating: Number, the least rating that counts as an interaction.
            Defaults to `None`, every row counts.
        k_core: Non-negative integer. The least number of rows of each user
            and item. Defaults to `5`.
        split: String, one of `camgr_tf.data.splits.SPLIT_RULES`. Defaults to
            `"random"`.
        split_seed: Integer. Defaults to `0`.
        image_root: The folder that image paths are relative to. Defaults to
            `None`, that of the table of items.
        image_options: Optional dictionary of keyword arguments of
            `encode_pictures`. Defaults to `None`, its defaults.
        text_options: Optional dictionary of keyword arguments of
            `encode_texts`. Defaults to `None`, its defaults.
        imputation: String, a rule of `impute_features`. Defaults to
            `"mean"`.
        overwrite: Boolean. Whether an older dataset of that name may be
            replaced. Defaults to `False`.

    Returns:
        Dictionary, the content of `provenance.json`.

    Raises:
        FileNotFoundError: If a table is missing.
        ValueError: If a table is not as it must be, or nothing is left.
    """
    interactions, items, target = Path(interactions), Path(items), Path(target)
    interaction_columns, item_columns = _divide_columns(columns or {})
    with staged_folder(target, overwrite) as folder:
        rows = read_interactions(
            interactions, interaction_columns, encoding, timestamp_format
        )
        known = read_items(items, item_columns, encoding)
        rows, dropped = _keep_rows(interactions, rows, min_rating, k_core)
        table, user_ids, item_ids = _number_ids(rows)
        del rows  # as large as the table
        table, seed = _add_labels(table, split, split_seed, interactions)
        not_in_table = _count_unknown_items(items, known, item_ids)
        catalog = known.reindex(item_ids, fill_value="")
        features, masks, encoders = _encode(
            folder,
            catalog,
            Path(image_root or items.parent),
            image_options or {},
            text_options or {},
        )
        imputed = impute_features(features, masks, imputation)
        catalog = catalog.rename_axis("original_id").reset_index()
        users = pd.DataFrame({"original_id": user_ids})
        write_dataset(
            folder, target.name, table, features, masks, catalog, users
        )
        return write_provenance(
            folder,
            builder="catalog",
            sources=describe_sources([interactions, items]),
            encoders=encoders,
            counts={
                "users": len(users),
                "items": len(catalog),
                "interactions": len(table),
                **dropped,
                "items_not_in_table": not_in_table,
                "items_left_out": len(known) - len(catalog) + not_in_table,
                "imputed": imputed,
            },
            parameters={
                "timestamp_format": timestamp_format,
                "min_rating": min_rating,
                "k_core": k_core,
                "split": split,
                "split_seed": seed,
                "imputation": imputation,
            },
        )


def _divide_columns(columns):
    """The names for the table of interactions, and for that of items."""
    unknown = sorted(set(columns).difference(INTERACTION_COLUMNS, ITEM_COLUMNS))
    if unknown:
        known = dict.fromkeys(INTERACTION_COLUMNS + ITEM_COLUMNS)
        raise ValueError(
            f"`columns` may name {', '.join(known)}. "
            f"Received: {', '.join(unknown)}"
        )
    return tuple(
        {key: name for key, name in columns.items() if key in known}
        for known in (INTERACTION_COLUMNS, ITEM_COLUMNS)
    )


def _keep_rows(path, rows, min_rating, k_core):
    """The rows that count, and how many were dropped and why."""
    num_rows = len(rows)
    if min_rating is not None:
        if "rating" not in rows:
            raise ValueError(
                f"{path}: `min_rating` needs a column `rating`. "
                f"Received: the columns {list(rows.columns)}"
            )
        rows = rows[rows["rating"] >= min_rating]
    num_rated = len(rows)
    repeated = _repeated_pairs(rows)
    if repeated.any():
        warnings.warn(
            f"{path}: {repeated.sum()} rows repeat a user and item, the first "
            f"is row {rows.index[repeated.argmax()]} below the header. The "
            "first row of each pair is kept.",
            stacklevel=3,
        )
        rows = rows[~repeated]
    num_unique = len(rows)
    kept = filter_k_core(_codes(rows, "user"), _codes(rows, "item"), k_core)
    rows = rows[kept]
    if not len(rows):
        raise ValueError(
            f"{path}: no interactions are left. Of {num_rows} rows, "
            f"{num_rated} have min_rating={min_rating}, {num_unique} of these "
            f"are of different users and items, and none is in the "
            f"{k_core}-core. Lower `min_rating` or `k_core`"
        )
    return rows, {
        "rows_below_min_rating": num_rows - num_rated,
        "rows_repeated": num_rated - num_unique,
        "rows_outside_k_core": num_unique - len(rows),
    }


def _codes(rows, name):
    return rows[name].cat.codes.to_numpy(np.int32)


def _repeated_pairs(rows):
    """Which rows have the user and item of an earlier one."""
    items = len(rows["item"].cat.categories)
    keys = _codes(rows, "user").astype(np.int64) * items + _codes(rows, "item")
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    repeated = np.zeros(len(rows), bool)
    repeated[order[1:][keys[1:] == keys[:-1]]] = True
    return repeated


def _number_ids(rows):
    """The table with numbers for ids, and the sorted ids."""
    rows = rows.assign(
        user=rows["user"].cat.remove_unused_categories(),
        item=rows["item"].cat.remove_unused_categories(),
    )
    table = pd.DataFrame(
        {"userID": _codes(rows, "user"), "itemID": _codes(rows, "item")},
        index=rows.index,
    )
    table = table.join(rows.drop(columns=["user", "item"]))
    return table, rows["user"].cat.categories, rows["item"].cat.categories


def _add_labels(table, split, split_seed, path):
    """The rows with `x_label`, sorted, and the seed that was used."""
    labels, seed = split_table(table, split, split_seed, path)
    sizes = (table["userID"].max() + 1, table["itemID"].max() + 1)
    # For its checks: it refuses empty parts and warns of cold users.
    build_interactions(table, labels, path, *sizes, split, seed)
    table.insert(2, "x_label", labels.astype(np.int8))
    table = table.sort_values(["userID", "itemID"], ignore_index=True)
    return table, seed


def _count_unknown_items(path, known, item_ids):
    unknown = item_ids[~item_ids.isin(known.index)]
    alike = {plain_id(item): item for item in known.index if len(unknown)}
    written = [item for item in unknown if plain_id(item) in alike]
    if written:
        raise ValueError(
            f"{path}: {len(written)} items with interactions are in the table "
            "in another form of the same id, the first is "
            f"{alike[plain_id(written[0])]!r} there and {written[0]!r} in the "
            "interactions. Write them alike"
        )
    if len(unknown) == len(item_ids):
        raise ValueError(
            f"{path}: none of the {len(item_ids)} items with interactions is "
            f"in the table. Expected: ids such as {unknown[0]!r}. Received: "
            f"ids such as {known.index[0]!r}"
        )
    if len(unknown):
        warnings.warn(
            f"{path}: {len(unknown)} of {len(item_ids)} items with "
            f"interactions are not in the table, the first is {unknown[0]!r}. "
            "They have neither picture nor text.",
            stacklevel=3,
        )
    return len(unknown)


def _encode(folder, catalog, image_root, image_options, text_options):
    """Features, masks and records; the pictures go into the folder."""
    features, masks, encoders = {}, {}, {}
    if "image" in catalog:
        paths = [
            image_root / name if name else None for name in catalog["image"]
        ]
        features["image"], masks["image"], encoders["image"] = encode_pictures(
            paths, **image_options
        )
        catalog["image"] = _copy_pictures(folder, paths, masks["image"])
    fields = [name for name in ("title", "description") if name in catalog]
    if fields:
        texts = catalog[fields].agg(" ".join, axis=1)
        features["text"], masks["text"], encoders["text"] = encode_texts(
            texts.tolist(), **text_options
        )
    return features, masks, encoders


def _copy_pictures(folder, paths, present):
    """Copies usable pictures; returns paths relative to the folder."""
    (folder / "images").mkdir()
    names = [""] * len(paths)
    for item in np.flatnonzero(present):
        names[item] = f"images/{item}{paths[item].suffix.lower()}"
        shutil.copyfile(paths[item], folder / names[item])
    return names

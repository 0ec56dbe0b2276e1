"""Makes a dataset folder from the Amazon product data of 2014."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.dataset_folder import staged_folder
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.data.imputation import impute_features
from camgr_tf.data.splits import split_table
from camgr_tf.ingest.amazon_files import read_image_features
from camgr_tf.ingest.amazon_files import read_metadata
from camgr_tf.ingest.amazon_files import read_reviews
from camgr_tf.ingest.encoders import encode_texts
from camgr_tf.ingest.provenance import describe_sources
from camgr_tf.ingest.provenance import write_provenance

#: Users, items and interactions of the paper's Table 1.
TABLE_1 = {
    "Baby": (19445, 7050, 160792),
    "Sports_and_Outdoors": (35598, 18357, 296337),
    "Clothing_Shoes_and_Jewelry": (39387, 23033, 278677),
}


def raw_file_names(category: str) -> dict[str, str]:
    """The names of a category's published files.

    Args:
        category: String, e.g. `"Sports_and_Outdoors"`.

    Returns:
        Dictionary of `"reviews"`, `"metadata"` and `"image_features"`.
    """
    return {
        "reviews": f"reviews_{category}_5.json.gz",
        "metadata": f"meta_{category}.json.gz",
        "image_features": f"image_features_{category}.b",
    }


def build_amazon_dataset(
    category,
    raw_folder,
    target,
    split="random",
    split_seed=0,
    use_images=True,
    imputation="mean",
    text_options=None,
    overwrite=False,
    progress=True,
):
    """Makes a dataset folder from the raw files of one category.

    Users and items are numbered by sorted `reviewerID` and `asin`. Image
    features are those published in the `.b` file; text features are computed
    from title, brand, categories and description. Items that lack one are
    marked in `<modality>_mask.npy` and imputed. The raw files are streamed:
    besides the result only ids, ratings and the texts are in memory.

    Args:
        category: String, e.g. `"Baby"`. For the paper's three categories a
            count that differs from its Table 1 is a warning.
        raw_folder: The folder of the files of `raw_file_names`.
        target: The folder to make; its name is the dataset's name.
        split: String, one of `camgr_tf.data.splits.SPLIT_RULES`. Defaults to
            `"random"`.
        split_seed: Integer. Defaults to `0`.
        use_images: Boolean. Whether there is a `.b` file to read. Defaults to
            `True`.
        imputation: String, a rule of `impute_features`. Defaults to
            `"mean"`.
        text_options: Optional dictionary of keyword arguments of
            `encode_texts`. Defaults to `None`, its defaults.
        overwrite: Boolean. Whether an older dataset of that name may be
            replaced. Defaults to `False`.
        progress: Boolean. Whether progress bars are shown. Defaults to
            `True`.

    Returns:
        Dictionary, the content of `provenance.json`.

    Raises:
        FileNotFoundError: If a raw file is missing; the message names all
            that are.
        ValueError: If a raw file is not as it must be.
    """
    target = Path(target)
    paths = _find_raw_files(category, Path(raw_folder), use_images)
    with staged_folder(target, overwrite) as folder:
        reviews = read_reviews(paths["reviews"], progress)
        _check_table_1(category, reviews)
        table, split_record = _split_reviews(reviews, split, split_seed, paths)
        metadata = read_metadata(paths["metadata"], reviews.asins, progress)
        features, masks, encoders = {}, {}, {}
        if use_images:
            features["image"], masks["image"] = read_image_features(
                paths["image_features"], reviews.asins, progress
            )
            encoders["image"] = {
                "encoder": "published convolutional features",
                "width": features["image"].shape[1],
            }
        features["text"], masks["text"], encoders["text"] = encode_texts(
            [_field(metadata, asin, "text") for asin in reviews.asins],
            **(text_options or {}),
        )
        imputed = impute_features(features, masks, imputation)
        items = pd.DataFrame(
            {
                "original_id": reviews.asins,
                **{
                    name: [_field(metadata, a, name) for a in reviews.asins]
                    for name in ("title", "image_url")
                },
            }
        )
        users = pd.DataFrame({"original_id": reviews.user_ids})
        write_dataset(folder, target.name, table, features, masks, items, users)
        return write_provenance(
            folder,
            builder="amazon",
            sources=describe_sources(paths.values()),
            encoders=encoders,
            counts={
                "users": len(users),
                "items": len(items),
                "interactions": len(table),
                "items_without_metadata": len(items) - len(metadata),
                "imputed": imputed,
            },
            parameters={
                "category": category,
                **split_record,
                "imputation": imputation,
            },
        )


def _find_raw_files(category, raw_folder, use_images):
    paths = {
        kind: raw_folder / name
        for kind, name in raw_file_names(category).items()
        if use_images or kind != "image_features"
    }
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{raw_folder} lacks {', '.join(missing)}. `camgr data "
            "download` fetches the files of the paper's "
            "categories; pass `use_images=False` (`--no-images`) to do "
            "without the image features"
        )
    return paths


def _check_table_1(category, reviews):
    found = (len(reviews.user_ids), len(reviews.asins), len(reviews.users))
    expected = TABLE_1.get(category, found)
    if found != expected:
        warnings.warn(
            f"{category}: the paper's Table 1 has %s users, %s items and %s "
            "interactions. Received: %s, %s and %s. Results will not be "
            "comparable with the paper's." % (*expected, *found),
            stacklevel=3,
        )


def _split_reviews(reviews, split, split_seed, paths):
    """The rows with their part, and a record of how it was chosen."""
    table = pd.DataFrame({"userID": reviews.users, "itemID": reviews.items})
    if reviews.timestamps is not None:
        table["timestamp"] = reviews.timestamps
    labels, seed = split_table(table, split, split_seed, paths["reviews"])
    table.insert(2, "x_label", labels)
    if not np.isnan(reviews.ratings).all():
        table.insert(3, "rating", reviews.ratings)
    return table, {"split": split, "split_seed": seed}


def _field(metadata, asin, name):
    return metadata.get(asin, {}).get(name, "")

"""Makes the demo dataset: `camgr data demo`.

Everything in it is made up. It shows the whole path in minutes and without a
download; figures on it say nothing about real users.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.dataset_folder import staged_folder
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.data.splits import split_random
from camgr_tf.ingest.demo_pictures import draw_picture
from camgr_tf.ingest.demo_tastes import NUM_ITEMS
from camgr_tf.ingest.demo_tastes import NUM_USERS
from camgr_tf.ingest.demo_tastes import make_world
from camgr_tf.ingest.demo_titles import make_titles
from camgr_tf.ingest.image_features import color_shape_features
from camgr_tf.ingest.provenance import write_provenance
from camgr_tf.ingest.text_features import sentence2vec_features

SEED = 7
TEXT_DIM = 64
STATEMENT = (
    "Made up by camgr_tf.ingest.demo from random draws: the users, items, "
    "pictures, titles, times and interactions stand for nobody and nothing."
)

_logger = logging.getLogger("camgr_tf.ingest.demo")


def make_demo(folder: str | Path, overwrite: bool = False) -> Path:
    """Makes a small catalog with pictures and titles, and who took what.

    600 users took 8,000 times one of 400 items, in the order of tastes of
    which pictures show one part (color and shape) and titles name the other
    (category and material), both amid noise. It is the same on every run.

    Args:
        folder: The folder to make. It is filled under another name and then
            renamed, so that nobody sees half of it. Its last part is the name
            of the dataset.
        overwrite: Boolean. Whether an older dataset there is replaced.
            Defaults to `False`.

    Returns:
        The path of the folder.

    Raises:
        FileExistsError: if the folder exists, unless it is a dataset and
            `overwrite` is `True`.
    """
    folder = Path(folder)
    rng = np.random.default_rng(SEED)
    world = make_world(rng)
    table = world.interactions
    labels = split_random(table["userID"].to_numpy(), SEED)
    table.insert(2, "x_label", labels)
    with staged_folder(folder, overwrite) as staging:
        pictures = _draw_pictures(rng, world.attributes, staging)
        titles = make_titles(
            rng, world.attributes["category"], world.attributes["material"]
        )
        items = pd.DataFrame(
            {
                "original_id": [f"item-{item:03}" for item in range(NUM_ITEMS)],
                "title": titles,
                "image": pictures,
            }
        )
        users = pd.DataFrame(
            {"original_id": [f"user-{user:03}" for user in range(NUM_USERS)]}
        )
        image, _ = color_shape_features([staging / name for name in pictures])
        text, _ = sentence2vec_features(titles, dimension=TEXT_DIM, seed=SEED)
        features = {"image": image, "text": text}
        write_dataset(staging, folder.name, table, features, {}, items, users)
        write_provenance(
            staging,
            builder="camgr_tf.ingest.demo",
            sources=[{"made": STATEMENT}],
            encoders={
                "image": {"encoder": "color_shape", "width": image.shape[1]},
                "text": {"encoder": "sentence2vec", "width": TEXT_DIM},
            },
            counts={
                "users": NUM_USERS,
                "items": NUM_ITEMS,
                "interactions": len(table),
            },
            parameters={"seed": SEED},
        )
    return folder


def ensure_demo(folder: Path) -> Path:
    """Makes the demo dataset unless it is there.

    Args:
        folder: Its folder.

    Returns:
        The path of the folder. Where two processes make it at once, the first
        to end decides, and the other's is dropped.
    """
    if not folder.is_dir():
        _logger.info("Making the demo dataset in %s, once", folder)
        try:
            make_demo(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def _draw_pictures(rng, attributes, folder):
    """Writes the items' pictures and returns their names in the folder."""
    (folder / "images").mkdir()
    names = [f"images/{item:03}.png" for item in range(NUM_ITEMS)]
    looks = zip(attributes["color"], attributes["shape"])
    for name, (color, shape) in zip(names, looks):
        draw_picture(rng, int(color), int(shape)).save(folder / name)
    return names

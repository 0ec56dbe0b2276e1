import numpy as np
import pandas as pd
import pytest

from camgr_tf.config import resolve_config
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.serving.recommender import load
from camgr_tf.training.runs import train

SMALL_MODEL = {"embedding_dim": 8, "batch_size": 128, "max_epochs": 2}
COUNTING = ("contentknn", "itemknn", "popularity")


@pytest.fixture(scope="session")
def small_root(tmp_path_factory):
    """Folder with the dataset `small`: 30 users, 24 items in two groups.

    Users and items with even ids belong together, and so do the odd ones, and
    features show it. User 29 took nothing, nobody took item 23, and item 22
    has no image.
    """
    rng = np.random.default_rng(3)
    rows = []
    for user in range(29):
        own = [item for item in range(23) if item % 2 == user % 2]
        for place, item in enumerate(rng.permutation(own)[:7]):
            rows.append((user, int(item), (0, 0, 0, 0, 0, 1, 2)[place]))
    groups = (np.arange(24) % 2)[:, None] * 2.0 - 1.0
    root = tmp_path_factory.mktemp("data")
    (root / "small").mkdir()
    mask = np.ones(24, bool)
    mask[22] = False
    write_dataset(
        root / "small",
        "small",
        pd.DataFrame(rows, columns=["userID", "itemID", "x_label"]),
        {
            "image": groups + rng.normal(0, 0.5, (24, 6)),
            "text": groups + rng.normal(0, 0.5, (24, 5)),
        },
        {"image": mask},
        pd.DataFrame(
            {
                "original_id": [f"item{i:02}" for i in range(24)],
                "title": [f"Title {i}" for i in range(24)],
            }
        ),
        pd.DataFrame({"original_id": [f"user{u:02}" for u in range(30)]}),
    )
    return root


@pytest.fixture(scope="session")
def small_run(small_root, tmp_path_factory):
    """Function from a model's name to the folder of its run, trained once."""
    outputs = tmp_path_factory.mktemp("outputs")
    folders = {}

    def folder(model, **parameters):
        key = (model, *sorted(parameters.items()))
        if key not in folders:
            config = resolve_config(
                dataset="small",
                data_root=str(small_root),
                model=model,
                **{**({} if model in COUNTING else SMALL_MODEL), **parameters},
            )
            run = train(config, output_root=outputs, progress=False)
            folders[key] = run.folder
        return folders[key]

    return folder


@pytest.fixture(scope="session")
def small_camgr(small_run):
    """`TrainedRecommender` of CAmgr on the dataset `small`."""
    return load(small_run("camgr"))

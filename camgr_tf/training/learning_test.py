"""Every model learns: planted groups are found, by training alone."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from camgr_tf.baselines.itemknn import ItemKNN
from camgr_tf.data.interactions import Interactions
from camgr_tf.registry import MODELS
from camgr_tf.testing import tiny_dataset
from camgr_tf.training.adam import Adam
from camgr_tf.training.evaluate import Evaluator
from camgr_tf.training.sampling import TrainingBatches

TRAINED = sorted(name for name in MODELS if MODELS[name].trains)
NUM_GROUPS, USERS, ITEMS = 4, 80, 40


def planted_dataset():
    """Users buy seven of their group's ten items; features hint at it."""
    rng = np.random.default_rng(0)
    parts = {"train": [], "validation": [], "test": []}
    for user in range(USERS):
        group = user % NUM_GROUPS
        bought = group + NUM_GROUPS * rng.permutation(ITEMS // NUM_GROUPS)[:7]
        parts["train"] += [(user, item) for item in np.sort(bought[:5])]
        parts["validation"].append((user, bought[5]))
        parts["test"].append((user, bought[6]))
    pairs = {part: np.array(rows, "int32") for part, rows in parts.items()}
    centers = rng.normal(size=(NUM_GROUPS, 6))
    features = {
        modality: (
            centers[np.arange(ITEMS) % NUM_GROUPS]
            + 1.5 * rng.normal(size=(ITEMS, 6))
        ).astype("float32")
        for modality in ("image", "text")
    }
    return replace(
        tiny_dataset(),
        interactions=Interactions(
            USERS, ITEMS, **pairs, split="file", split_seed=None
        ),
        features=features,
        has_modality={m: np.ones(ITEMS, bool) for m in features},
    )


def test_common_users_alone_tell_the_groups():
    dataset = planted_dataset()
    evaluator = Evaluator(dataset.interactions, "test", cutoffs=(5,))
    model = ItemKNN(dataset, num_neighbors=10)
    assert evaluator.evaluate(*model.embed())["recall@5"] > 0.75


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_model_beats_chance_and_its_untrained_self(name):
    dataset = planted_dataset()
    evaluator = Evaluator(dataset.interactions, "test", cutoffs=(5,))
    model = MODELS[name](dataset)
    before = evaluator.evaluate(*model.embed())["recall@5"]
    model.compile(
        optimizer=Adam(0.02, scales=model.learning_rate_scale),
        jit_compile=False,
    )
    batches = TrainingBatches(dataset.interactions, batch_size=100)
    model.track_losses(model.loss_terms(**batches[0]))
    begin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: model.begin_epoch(epoch)
    )
    model.fit(batches, epochs=20, verbose=0, shuffle=False, callbacks=[begin])
    after = evaluator.evaluate(*model.embed())["recall@5"]
    # Of 35 items that are not masked five are shown: chance is 0.14. Only
    # five are of the user's group: who knows the groups reaches 1. Models
    # that smooth over similar items know much of them untrained: where less
    # than 0.3 is left to learn, almost all of it is asked for.
    assert after > 0.75
    assert after > min(before + 0.3, 0.95)

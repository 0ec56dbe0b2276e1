"""How much accuracy is left when items lose a modality after training."""

import dataclasses

import numpy as np
import pandas as pd

from camgr_tf.data.imputation import impute_features
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.training.evaluate import Evaluator
from camgr_tf.training.saved_runs import build_model
from camgr_tf.training.state import model_weights

FRACTIONS = (0.0, 0.1, 0.3, 0.5, 1.0)


def evaluate_missing_modality(run, fractions=FRACTIONS, seed=0):
    """Tests a trained model with features dropped from a share of the items.

    A dropped row gets the mean of the rows that are left, in the features
    and in what the model trained of them; with all rows dropped, the mean of
    all. The item graphs are built from these features. Trained weights stay.
    The items that are dropped at a smaller fraction are among those of a
    larger one.

    Args:
        run: `camgr_tf.training.runs.Run`.
        fractions: Tuple of floats in `[0, 1]`. Defaults to `(0.0, 0.1, 0.3,
            0.5, 1.0)`.
        seed: Integer. Decides which items are dropped. Defaults to `0`.

    Returns:
        DataFrame with `modality`, `fraction`, `dropped` (items) and the
        test metrics, a row for each modality and fraction.

    Raises:
        ValueError: If a fraction is out of range.
    """
    for fraction in fractions:
        if not 0.0 <= fraction <= 1.0:
            raise ValueError(
                "`fractions` must be in [0, 1]. "
                f"Received: fractions={fractions!r}"
            )
    interactions = run.dataset.interactions
    evaluator = Evaluator(
        interactions, "test", mask_validation=run.config.mask_validation
    )
    order = np.random.default_rng(seed).permutation(interactions.num_items)
    rows = []
    for modality in run.dataset.features:
        for fraction in fractions:
            dropped = order[: round(fraction * len(order))]
            model = without_rows(run, modality, dropped)
            rows.append(
                {
                    "modality": modality,
                    "fraction": fraction,
                    "dropped": len(dropped),
                    **evaluator.evaluate(*model.embed()),
                }
            )
    return pd.DataFrame(rows)


def without_rows(run, modality, dropped):
    """A run's model on data in which some items lack a modality.

    Args:
        run: `camgr_tf.training.runs.Run`.
        modality: String.
        dropped: Integer array of item ids.

    Returns:
        A new model with the weights of the run's.
    """
    dataset = run.dataset
    features = dict(dataset.features)
    features[modality] = _impute(features[modality], dropped)
    dataset = dataclasses.replace(dataset, features=features)
    model = build_model(run.config, dataset)
    trained = model_weights(run.model)
    for path, variable in model_weights(model).items():
        values = np.asarray(trained[path])
        if path.split("/")[-1] == weight_name(f"{modality}_features"):
            values = _impute(values, dropped)
        variable.assign(values)
    return model


def _impute(features, dropped):
    features = np.array(features, "float32")
    present = np.ones(len(features), bool)
    present[dropped] = False
    if present.any():
        impute_features({"": features}, {"": present})
    else:
        features[:] = features.mean(axis=0, dtype="float64")
    return features

"""Figures 4 and 5: features before and after purification, on a plane."""

import numpy as np
from matplotlib.figure import Figure

from camgr_tf.reporting.plane_plot import plot_plane
from camgr_tf.reporting.plane_plot import project_to_plane
from camgr_tf.reporting.plane_plot import unevenness
from camgr_tf.training.saved_runs import load_run

NUM_ITEMS = 500


def plot_purification(results, modality, output_root):
    """t-SNE histograms of 500 random items, a row for each dataset.

    Args:
        results: List of `DatasetResults` of CAmgr runs; the run of seed 0 is
            drawn, if its folder is here.
        modality: String.
        output_root: Path of the folder of all runs.

    Returns:
        Matplotlib `Figure`, or `None` if there is no such run.

    Reference:
        Section 5.4.
    """
    drawn = []
    for result in results:
        rows = result.rows[result.rows["seed"] == 0]
        for run_id in rows["run_id"].head(1):
            if (output_root / run_id).is_dir():
                drawn.append((result.name, output_root / run_id, result))
    if not drawn:
        return None
    figure = Figure(figsize=(8.4, 3.9 * len(drawn)), layout="constrained")
    grid = figure.subplots(len(drawn), 2, squeeze=False)
    for axes, (name, folder, result) in zip(grid, drawn):
        data_root = result.plan.trials[0].config.data_root
        states = sample_states(load_run(folder, data_root), modality)
        for one, (title, rows) in zip(axes, states.items()):
            points = project_to_plane(rows)
            spread = f"unevenness {unevenness(points):.2f}"
            image = plot_plane(points, one, f"{name}, {title}\n{spread}")
        figure.colorbar(image, ax=axes, label="items in a bin")
    return figure


def sample_states(run, modality, num_items=NUM_ITEMS, seed=0):
    """Features of random items before and after purification.

    Args:
        run: `Run` of a CAmgr model.
        modality: String.
        num_items: Integer. Defaults to `500`.
        seed: Integer. Of the choice of items. Defaults to `0`.

    Returns:
        Dictionary from a title to an array of shape `(num_items, dim)`.

    Raises:
        ValueError: If the run does not have the modality.
    """
    features = run.dataset.features
    if modality not in features:
        raise ValueError(
            f"Run {run.folder.name} has the modalities {sorted(features)}. "
            f"Received: modality={modality!r}"
        )
    generator = np.random.default_rng(seed)
    count = min(num_items, len(features[modality]))
    items = generator.choice(len(features[modality]), count, replace=False)
    purified = np.asarray(run.model.purify(run.model.graphs)[modality])
    return {
        f"{modality} features": features[modality][items],
        f"{modality}, purified": purified[items],
    }

"""CAmgr in steps, from matrix factorization on, as the notebooks build it."""

import pandas as pd

from camgr_tf.config import resolve_config
from camgr_tf.research.fusions import MeanOfModalities
from camgr_tf.training.runs import train

# Each has what those before it have. An item graph of one neighbor is that
# of the item itself: no graph.
STEPS = {
    "MF": {"model": "mf"},
    "+ purification": {
        "model": MeanOfModalities,
        "num_layers": 0,
        "num_modal_layers": 0,
        "num_neighbors": 1,
    },
    "+ user-item graph": {"model": MeanOfModalities, "num_neighbors": 1},
    "+ item graphs": {"model": MeanOfModalities},
    "+ learned shares": {"model": "camgr"},
    "+ cross-attention": {"model": "camgr_attention"},
}


def train_steps(last, output_root=None, **shared):
    """Trains the steps up to one of them, or loads what is trained already.

    Args:
        last: String, a key of `STEPS`.
        output_root: Path, as of `train`. Defaults to `None`.
        **shared: Parameters of all runs, such as `dataset` and `seed`.

    Returns:
        DataFrame, a row a step: the best epoch's validation `recall@20` and
        `ndcg@20`, the `gain` in Recall@20 over the step before, `epochs`,
        and `seconds`, those of training.

    Raises:
        ValueError: If there is no such step.
    """
    names = list(STEPS)
    if last not in names:
        raise ValueError(f"`last` must be one of {names}. Received: {last!r}")
    rows = {}
    for name in names[: names.index(last) + 1]:
        config = resolve_config(**STEPS[name], **shared)
        metrics = train(config, output_root, progress=False).metrics
        best = metrics["validation"]
        rows[name] = {
            "recall@20": best["recall@20"],
            "ndcg@20": best["ndcg@20"],
            "epochs": metrics["epochs"],
            "seconds": metrics["train_seconds"],
        }
    table = pd.DataFrame(rows).T.rename_axis("step")
    table.insert(1, "gain", table["recall@20"].diff())
    return table.astype({"epochs": int})

"""A run's metrics, as the commands print them."""

import sys

SHOWN = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")


def print_metrics(folder, remark=""):
    """Prints what a finished run measured, and where it is.

    Args:
        folder: Path of the run.
        remark: String, shown behind the folder. Defaults to `""`.
    """
    from camgr_tf.training.saved_runs import read_metrics

    metrics = read_metrics(folder)
    header = "".join(f"{heading(name):>11}" for name in SHOWN)
    lines = [f"{'':10}{header}"]
    for part in ("validation", "test"):
        values = (metrics[part].get(name) for name in SHOWN)
        texts = ("-" if v is None else f"{v:.4f}" for v in values)
        lines.append(f"{part:10}" + "".join(f"{text:>11}" for text in texts))
    if metrics.get("epochs"):
        lines.append(
            f"best epoch {metrics['best_epoch']}, counted from 0, of "
            f"{metrics['epochs']}; {metrics.get('seconds_per_epoch', 0):.2f} s "
            "an epoch"
        )
    write("\n".join([*lines, f"{folder}{remark}"]))


def heading(metric):
    """`recall@20` as it is written: `Recall@20`."""
    name, at, k = metric.partition("@")
    name = name.upper() if name in ("ndcg", "map", "mrr") else name
    return f"{name[:1].upper()}{name[1:]}{at}{k}".replace("_", " ")


def write(text=""):
    """Writes a line to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

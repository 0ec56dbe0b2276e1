"""Times and memory of training, its operations, evaluation and item graphs.

```
python -m camgr_tf.benchmarks
python -m camgr_tf.benchmarks --only training --models camgr mgcn --scales 1
python -m camgr_tf.benchmarks --only training --models camgr --size clothing
    --scales 1 --widths image=4096 text=384
python -m camgr_tf.benchmarks --only semantic_graph --items 1000000
python -m camgr_tf.benchmarks --dataset baby --data-root ../shared/data
```

Each measurement runs in a process of its own. Numbers are in seconds.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from camgr_tf import paths
from camgr_tf.benchmarks.operations import OPERATIONS
from camgr_tf.benchmarks.semantic_graph import METHODS
from camgr_tf.benchmarks.synthetic_dataset import SIZES
from camgr_tf.benchmarks.table import GROWTH
from camgr_tf.benchmarks.table import fit_growth
from camgr_tf.benchmarks.table import machine
from camgr_tf.benchmarks.table import write_tables
from camgr_tf.benchmarks.task import run_task
from camgr_tf.registry import MODELS

# Narrow: at 8 x Baby the exact graph of 4096 columns takes an hour.
NARROW = {"image": 64, "text": 64}
SHOWN = {
    "training": [
        "label", "scale", "interactions", "step_seconds", "forward_seconds",
        "backward_seconds", "optimizer_seconds", "epoch_seconds",
        "sampling_percent", "floor_seconds", "times_floor", "peak_memory_mb",
    ],
    "operations": [
        "label", "scale", "interactions", "operation_seconds", "simple_seconds",
        "floor_operations", "floor_bytes", "floor_seconds", "times_floor",
    ],
    "evaluation": [
        "label", "scale", "interactions", "evaluated_users",
        "evaluation_seconds", "users_per_second", "peak_memory_mb",
    ],
    "semantic_graph": [
        "label", "items", "width", "rows", "rows_seconds", "items_per_second",
        "graph_seconds", "recall", "peak_memory_mb",
    ],
}  # fmt: skip


def main(arguments=None):
    """Command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        tasks = make_tasks(options)
    except ValueError as error:
        _write(f"error: {error}")
        return 2
    description = machine(options.threads)
    rows = []
    for task in tqdm(tasks, "benchmarks", disable=None):
        row = {"kind": task["kind"], "label": task["label"]}
        if "scale" in task:
            row["scale"] = task["scale"]
        rows.append({**row, **run_task(task, options.threads)})
        # After each: what was measured survives an interruption.
        path = write_tables(options.output, rows, description)
    _show(rows, description)
    _write(f"\n{path} and {path.with_suffix('.csv').name}")
    return 1 if any("error" in row for row in rows) else 0


def make_tasks(options):
    """The measurements that the options ask for, as `run_task` takes them.

    Args:
        options: What the parser returned.

    Returns:
        List of dictionaries.

    Raises:
        ValueError: For an unknown model or a malformed width.
    """
    unknown = sorted(set(options.models) - set(MODELS))
    if unknown:
        raise ValueError(
            f"`--models` must be among {sorted(MODELS)}. "
            f"Received: {', '.join(unknown)}"
        )
    if options.dataset:
        common = {"dataset": options.dataset, "data_root": options.data_root}
        problems = {1: common}
    else:
        widths = _widths(options.widths)
        problems = {
            scale: {"size": options.size, "scale": scale, "widths": widths}
            for scale in options.scales
        }
    tasks = []
    for scale, problem in problems.items():
        task = {"problem": problem, "scale": scale}
        if "training" in options.only:
            for model in options.models:
                arguments = {
                    "model": model,
                    "batch_size": options.batch_size,
                    "repeats": options.repeats,
                    "threads": options.threads,
                }
                if options.profile:
                    folder = options.profile / f"{model}-{scale}"
                    arguments["profile"] = str(folder)
                tasks.append(
                    {
                        "kind": "training",
                        "label": model,
                        "arguments": arguments,
                        **task,
                    }
                )
        if "operations" in options.only:
            for operation in OPERATIONS:
                arguments = {
                    "operation": operation,
                    "repeats": options.repeats,
                    "threads": options.threads,
                }
                if options.batch_size:
                    arguments["batch_size"] = options.batch_size
                tasks.append(
                    {
                        "kind": "operations",
                        "label": operation,
                        "arguments": arguments,
                        **task,
                    }
                )
        if "evaluation" in options.only:
            # Nothing reads the features there.
            task["problem"] = problem | (
                {} if options.dataset else {"widths": {}}
            )
            tasks.append(
                {
                    "kind": "evaluation",
                    "label": "all metrics",
                    "arguments": {"repeats": options.repeats},
                    **task,
                }
            )
    if "semantic_graph" in options.only:
        sizes = options.items or [
            SIZES[options.size][1] * scale for scale in options.scales
        ]
        for num_items in sizes:
            for method in options.methods:
                tasks.append(
                    {
                        "kind": "semantic_graph",
                        "label": method,
                        "problem": num_items,
                        "arguments": {
                            "width": options.width,
                            "method": method,
                            "num_rows": options.rows,
                        },
                    }
                )
    return tasks


def _show(rows, description):
    for name, value in description.items():
        _write(f"{name}: {value}")
    done = pd.DataFrame([row for row in rows if "error" not in row])
    for kind, columns in SHOWN.items():
        part = done[done["kind"] == kind] if len(done) else done
        if len(part):
            _write(f"\n{kind}")
            text = part[columns].to_string(
                index=False, float_format=lambda value: f"{value:.4g}"
            )
            _write(text)
    for name, exponent in fit_growth(rows).items():
        value, size = GROWTH[name.split()[0]]
        _write(f"{name}: {value} grows as {size}^{exponent:.2f}")
    for row in rows:
        if "error" in row:
            _write(f"{row['kind']} {row['label']} failed: {row['error']}")


def _widths(texts):
    widths = {}
    for text in texts or ():
        modality, _, width = text.partition("=")
        if not modality or not width.isdigit() or int(width) < 1:
            raise ValueError(
                f"`--widths` must be like image=4096 text=384. Received: {text}"
            )
        widths[modality] = int(width)
    return widths or NARROW


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", nargs="+", choices=list(GROWTH), default=list(GROWTH))
    trained = [name for name, model in MODELS.items() if model.trains]
    add("--models", nargs="+", default=trained, metavar="MODEL")
    add("--size", choices=sorted(SIZES), default="baby")
    add("--scales", nargs="+", type=_positive, default=[1, 2, 4, 8])
    add(
        "--widths",
        nargs="+",
        metavar="MODALITY=WIDTH",
        help="of the generated features; image=64 text=64 if not given",
    )
    add("--dataset", help="a data folder, in place of generated data")
    add("--data-root", help="folder of the datasets")
    add("--batch-size", type=_positive, help="each model's own if not given")
    add("--threads", type=_positive, default=1)
    add("--repeats", type=_positive, default=5)
    add("--items", nargs="+", type=_positive, help="sizes of item graphs")
    add("--width", type=_positive, default=128, help="of their features")
    add("--rows", type=_positive, default=4096, help="that are searched for")
    add("--methods", nargs="+", choices=METHODS, default=["exact"])
    add(
        "--profile",
        type=lambda text: Path(text).resolve(),
        help="folder for TensorFlow profiles of the training steps",
    )
    add("--output", type=Path, default=paths.output_root() / "benchmarks")
    return parser


def _positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be positive: {text}")
    return int(text)


def _write(text):
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

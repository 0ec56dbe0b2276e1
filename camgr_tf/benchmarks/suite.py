"""What the benchmarks measure, and how it is shown."""

import pandas as pd

from camgr_tf.benchmarks.operations import OPERATIONS
from camgr_tf.benchmarks.scale import plan_scale
from camgr_tf.benchmarks.synthetic_dataset import SIZES
from camgr_tf.benchmarks.table import GROWTH
from camgr_tf.benchmarks.table import MEMORY
from camgr_tf.benchmarks.table import fit_growth
from camgr_tf.data.dataset import find_dataset
from camgr_tf.registry import MODELS
from camgr_tf.registry import find_model

# Narrow: at 8 x Baby the exact graph of 4096 columns takes an hour.
NARROW = {"image": 64, "text": 64}
# Without --rows: items whose neighbors are searched for, and interactions.
GRAPH_ROWS = 4096
TABLE_ROWS = 20_000_000
SHOWN = {
    "device": [
        "label", "bytes_per_second", "operations_per_second",
        "tf32_operations_per_second", "start_seconds",
    ],
    "training": [
        "label", "scale", "interactions", "step_seconds", "forward_seconds",
        "backward_seconds", "optimizer_seconds", "looped_step_seconds",
        "epoch_seconds", "sampling_percent", "floor_seconds", "times_floor",
        "peak_memory_mb",
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
    "lists": [
        "label", "users", "items", "k", "shards", "lists_seconds",
        "users_per_second", "worker_memory_mb", "load", "rows_hash",
    ],
    "sampler": [
        "label", "users", "interactions", "subgraphs", "nodes", "edges",
        "sampler_seconds", "seeds_per_second", "worker_memory_mb", "load",
        "checksum",
    ],
    "tables": [
        "label", "rows", "tables_seconds", "tables_memory_mb", "load",
        "content_hash",
    ],
    "scale": [
        "label", "users", "items", "interactions", "embedding_dim",
        "step_nodes", "step_edges",
        "build_seconds", "step_seconds", "step_cpu_seconds", "epoch_seconds",
        "peak_memory_mb", "load",
    ],
    "workers": [
        "label", "users", "items", "train_pairs", "epoch_seconds",
        "pairs_per_second", "load",
    ],
}  # fmt: skip


def plan_tasks(options):
    """The measurements that the options ask for, as `run_task` takes them.

    Args:
        options: Namespace of the options of `camgr bench`.

    Returns:
        List of dictionaries.

    Raises:
        ValueError: For an unknown model, one that does not train, or a
            malformed width.
    """
    models = options.models
    if models is None:
        models = [name for name, model in MODELS.items() if model.trains]
    for model in models:
        if not find_model(model).trains:
            raise ValueError(f"`--models`: {model} has no training to measure.")
    if options.dataset:
        folder = find_dataset(options.dataset, options.data_root)
        root = str(folder.parent)
        problems = {1: {"dataset": options.dataset, "data_root": root}}
    else:
        widths = _widths(options.widths)
        problems = {
            scale: {"size": options.size, "scale": scale, "widths": widths}
            for scale in options.scales
        }
    tasks = []
    if "device" in options.only:
        tasks.append(
            {
                "kind": "device",
                "label": "rates",
                "arguments": {
                    "repeats": options.repeats,
                    "threads": options.threads,
                },
            }
        )
    for scale, problem in problems.items():
        task = {"problem": problem, "scale": scale}
        if "training" in options.only:
            for model in models:
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
                            "num_rows": options.rows or GRAPH_ROWS,
                        },
                    }
                )
    if "lists" in options.only:
        tasks += _lists_tasks(options)
    if "sampler" in options.only:
        tasks += _sampler_tasks(options)
    if "tables" in options.only:
        tasks += [
            {
                "kind": "tables",
                "label": measure,
                "problem": options.rows or TABLE_ROWS,
                "arguments": {"measure": measure},
            }
            for measure in ("reading", "dataset")
        ]
    if "scale" in options.only:
        tasks += plan_scale(
            options.users,
            options.modes,
            options.catalogues,
            options.repeats,
            options.embedding_dim,
        )
    if "workers" in options.only:
        tasks += _workers_tasks(options)
    return tasks


def _lists_tasks(options):
    shared = {"k": options.k, "num_shards": options.shards}
    return _executor_tasks(
        options, "lists", options.executors, options.lists, shared
    )


def _sampler_tasks(options):
    # Beam has nothing to draw ahead with.
    executors = [name for name in options.executors if name != "beam"]
    return _executor_tasks(options, "sampler", executors, options.sampler, {})


def _workers_tasks(options):
    folder = find_dataset(options.dataset or "demo", options.data_root)
    problem = {"dataset": folder.name, "data_root": str(folder.parent)}
    executors = [name for name in options.executors if name != "beam"]
    tasks = []
    for model in options.models or ["camgr"]:
        for mode in options.modes:
            if mode == "lists":
                continue
            shared = {
                "model": model,
                "sampling": "neighbors" if mode == "sampled" else None,
                "batch_size": options.batch_size,
                "threads": options.threads,
                "repeats": options.repeats,
            }
            made = _executor_tasks(
                options, "workers", executors, problem, shared
            )
            for task in made:
                task["label"] = f"{model} {mode}, {task['label']}"
            tasks += made
    return tasks


def _executor_tasks(options, kind, executors, problem, shared):
    """A measurement by each executor, with each number of workers."""
    tasks = []
    for executor in executors:
        for num_workers in options.workers if executor != "local" else [1]:
            label = executor
            if executor != "local":
                label = f"{executor}, {num_workers} workers"
            tasks.append(
                {
                    "kind": kind,
                    "label": label,
                    "problem": problem,
                    "arguments": {
                        **shared,
                        "executor": executor,
                        "num_workers": num_workers,
                    },
                }
            )
    return tasks


def describe_rows(rows, description):
    """What was measured, as text: the machine, a table a kind, growth.

    Args:
        rows: List of dictionaries, one for each measurement.
        description: Dictionary, the machine.

    Returns:
        String of several lines.
    """
    lines = [f"{name}: {value}" for name, value in description.items()]
    done = pd.DataFrame([row for row in rows if "error" not in row])
    for kind, columns in SHOWN.items():
        part = done[done["kind"] == kind] if len(done) else done
        if len(part):
            shown = [name for name in columns if name in part]
            text = part[shown].to_string(
                index=False, float_format=lambda value: f"{value:.4g}"
            )
            lines.append(f"\n{kind}\n{text}")
    for name, exponent in fit_growth(rows).items():
        kind = name.split()[0]
        value, size = GROWTH[kind]
        if name.endswith(MEMORY):
            value = "peak_memory_mb"
        lines.append(f"{name}: {value} grows as {size}^{exponent:.2f}")
    for row in rows:
        if "error" in row:
            lines.append(f"{row['kind']} {row['label']} failed: {row['error']}")
    return "\n".join(lines)


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

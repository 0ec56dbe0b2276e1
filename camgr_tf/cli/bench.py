"""Measures times and memory."""

import tempfile

from camgr_tf import paths
from camgr_tf.cli import choices
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_list_length
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_overwrite
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import positive
from camgr_tf.cli.run_folder import find_run

SUMMARY = "measure seconds, memory and their growth, or a run's latency"
EXAMPLES = """
    camgr bench --only device training evaluation --scales 1 \\
        --models lightgcn mgcn camgr
    camgr bench --only training --models camgr mgcn --scales 1
    camgr bench --only training --models camgr --size clothing --scales 1 \\
        --widths image=4096 text=384
    camgr bench --only semantic_graph --items 1000000
    camgr bench --only lists -k 50
    camgr bench --only lists --lists 30000 5000 --executors local ray
    camgr bench --only sampler --sampler 1000000 7000000 --workers 1 2
    camgr bench --only tables --rows 20000000
    camgr bench --only scale --users 1000000 2000000 --modes sampled
    camgr bench --only workers --dataset baby --workers 1 2
    camgr bench --dataset baby
    camgr bench --latency demo-camgr
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add = parser.add_argument
    add(
        "--latency",
        metavar="RUN",
        help="measure lists, SavedModel and index of a finished run instead "
        "of generated data",
    )
    add_list_length(parser, 20)
    add(
        "--only",
        nargs="+",
        choices=choices.MEASUREMENTS,
        default=[
            kind
            for kind in choices.MEASUREMENTS
            if kind not in ("lists", "sampler", "tables", "scale", "workers")
        ],
        metavar="KIND",
        help=f"some of {', '.join(choices.MEASUREMENTS)}",
    )
    add(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="whose training is measured (default: all that train; of workers, "
        "camgr)",
    )
    add(
        "--size",
        choices=choices.SIZES,
        default="baby",
        metavar="SIZE",
        help=f"of the generated data, one of {', '.join(choices.SIZES)}",
    )
    add(
        "--scales",
        nargs="+",
        type=positive,
        default=(1, 2, 4, 8),
        metavar="N",
        help="factors on the size",
    )
    add(
        "--widths",
        nargs="+",
        metavar="MODALITY=WIDTH",
        help="of the generated features (default: image=64 text=64)",
    )
    add(
        "--dataset",
        metavar="NAME",
        help="folder below the data root, in place of generated data; of "
        "workers, of which no data are generated, demo is the default",
    )
    add(
        "--batch-size",
        type=positive,
        metavar="ROWS",
        help="training rows a step (default: each model's own)",
    )
    add(
        "--threads",
        type=positive,
        default=1,
        metavar="N",
        help="of a measurement",
    )
    add(
        "--repeats",
        type=positive,
        metavar="N",
        help="of a measurement (default: 5; calls of each kind with "
        "--latency: 100)",
    )
    add(
        "--items",
        nargs="+",
        type=positive,
        metavar="N",
        help="sizes of item graphs (default: those of --size and --scales)",
    )
    add(
        "--width",
        type=positive,
        default=128,
        metavar="N",
        help="of the features of item graphs",
    )
    add(
        "--rows",
        type=positive,
        metavar="N",
        help="of item graphs that are searched for (default: 4096); of tables "
        "(default: 20,000,000)",
    )
    add(
        "--methods",
        nargs="+",
        choices=choices.GRAPH_METHODS,
        default=("exact",),
        metavar="METHOD",
        help=f"of item graphs, some of {', '.join(choices.GRAPH_METHODS)}",
    )
    add(
        "--lists",
        nargs=2,
        type=positive,
        default=(120_000, 20_000),
        metavar=("USERS", "ITEMS"),
        help="of all users' lists, of length -k",
    )
    add(
        "--sampler",
        nargs=2,
        type=positive,
        default=(1_000_000, 7_000_000),
        metavar=("USERS", "PAIRS"),
        help="of the graph that subgraphs are drawn from",
    )
    add(
        "--executors",
        nargs="+",
        choices=choices.EXECUTORS,
        default=choices.EXECUTORS,
        metavar="EXECUTOR",
        help=f"of lists, some of {', '.join(choices.EXECUTORS)}; of the "
        "sampler and of workers, local and ray",
    )
    add(
        "--workers",
        nargs="+",
        type=positive,
        default=(1, 2),
        metavar="N",
        help="numbers of processes of ray and beam",
    )
    add(
        "--shards",
        type=positive,
        metavar="N",
        help="of lists (default: one for each 20,000 users)",
    )
    add(
        "--users",
        nargs="+",
        type=positive,
        default=(1_000_000, 2_000_000, 4_000_000, 10_000_000),
        metavar="N",
        help="of the catalogues of scale, with items and pairs in Baby's ratio",
    )
    add(
        "--modes",
        nargs="+",
        choices=choices.MODES,
        default=choices.MODES,
        metavar="MODE",
        help=f"of scale, some of {', '.join(choices.MODES)}; of workers, "
        "full and sampled",
    )
    add(
        "--embedding-dim",
        type=positive,
        default=64,
        metavar="N",
        help="of scale",
    )
    add(
        "--profile",
        type=folder,
        metavar="FOLDER",
        help="write TensorFlow profiles of the training steps there",
    )
    add(
        "--to",
        type=folder,
        metavar="FOLDER",
        help="folder of the tables (default: benchmarks/ below the output "
        "root)",
    )
    add_overwrite(parser, "replace tables that are there")
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Measures one after the other; what was measured is kept."""
    if options.latency:
        return _measure_latency(options)
    from tqdm import tqdm

    from camgr_tf.benchmarks.suite import describe_rows
    from camgr_tf.benchmarks.suite import plan_tasks
    from camgr_tf.benchmarks.table import machine
    from camgr_tf.benchmarks.table import write_tables
    from camgr_tf.benchmarks.task import run_task
    from camgr_tf.serving.lists import check_file

    root = paths.output_root(options.output_root)
    target = options.to or root / "benchmarks"
    if (target / "benchmarks.json").exists() and not options.overwrite:
        raise FileExistsError(
            f"{target}/benchmarks.json is there already. Choose another --to, "
            "or give --overwrite."
        )
    check_file(target / "benchmarks.json")
    options.repeats = options.repeats or 5
    description = machine(options.threads)
    rows = []
    # For catalogues: one of 10 million users takes 2.5 GB there.
    with tempfile.TemporaryDirectory(prefix="camgr-bench-") as catalogues:
        options.catalogues = catalogues
        for task in tqdm(plan_tasks(options), "benchmarks", disable=None):
            row = {"kind": task["kind"], "label": task["label"]}
            if "scale" in task:
                row["scale"] = task["scale"]
            rows.append({**row, **run_task(task, options.threads)})
            # After each: what was measured survives an interruption.
            path = write_tables(target, rows, description)
    write(describe_rows(rows, description))
    write(f"\n{path} and {path.with_suffix('.csv').name}")
    return 1 if any("error" in row for row in rows) else 0


def _measure_latency(options):
    run_folder = find_run(options.latency, options.output_root)
    from camgr_tf.serving.latency import measure_latency
    from camgr_tf.serving.recommender import load

    recommender = load(run_folder, options.data_root)
    table = measure_latency(recommender, options.k, options.repeats or 100)
    write(
        f"{recommender.num_users:,} users, {recommender.num_items:,} items, "
        f"vectors of width {recommender.item_vectors.shape[1]}"
    )
    write(table.to_string(index=False, float_format="%.2f"))

"""Evaluates finished runs anew."""

from camgr_tf.cli.metrics_text import heading
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import positive
from camgr_tf.cli.run_folder import find_run

SUMMARY = "evaluate runs anew from their weights, at other cutoffs"
EXAMPLES = """
    camgr evaluate demo-camgr
    camgr evaluate baby-camgr baby-mgcn --part test --cutoffs 1 5 100
    camgr train camgr --dataset baby -p split cold_items
    camgr evaluate baby-camgr-seed0-1a2b3c4d --cold
"""
PARTS = ("validation", "test")


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "run_names",
        nargs="+",
        metavar="RUN",
        help="finished runs: their folders, names under the output root, or "
        "beginnings of names",
    )
    parser.add_argument(
        "--part",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        metavar="PART",
        help="of the data, validation or test or both",
    )
    parser.add_argument(
        "--cutoffs",
        nargs="+",
        type=positive,
        default=(5, 10, 20, 50),
        metavar="K",
        help="lengths of the lists",
    )
    parser.add_argument(
        "--metrics",
        nargs="+",
        default=("recall", "ndcg"),
        metavar="NAME",
        help="that are shown, such as recall ndcg precision item_coverage",
    )
    parser.add_argument(
        "--mask-validation",
        action="store_true",
        help="leave validation items out of the test lists, whatever the run "
        "did",
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="rank items that training never saw, and the others, each among "
        "themselves; for runs with -p split cold_items",
    )
    parser.add_argument(
        "--csv",
        type=folder,
        metavar="FILE",
        help="write the table there, too",
    )
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Prints one table of all runs."""
    import pandas as pd

    from camgr_tf.serving.lists import check_file

    folders = [
        find_run(name, options.output_root) for name in options.run_names
    ]
    if options.csv:
        check_file(options.csv)
    evaluate = _evaluate_cold if options.cold else _evaluate
    table = pd.concat(
        [evaluate(folder, options) for folder in folders], ignore_index=True
    )
    write(table.to_string(index=False, float_format="%.4f"))
    if options.csv:
        from camgr_tf.staged_file import staged_file

        with staged_file(options.csv) as staging:
            table.to_csv(staging, index=False)
        write(f"Written to {options.csv}")


def _evaluate(folder, options):
    import pandas as pd

    from camgr_tf.training.evaluate import Evaluator
    from camgr_tf.training.runs import load_run

    loaded = load_run(folder, data_root=options.data_root)
    embeddings = loaded.model.embed()
    rows = []
    for part in dict.fromkeys(options.part):
        masked = options.mask_validation or loaded.config.mask_validation
        evaluator = Evaluator(
            loaded.dataset.interactions,
            part,
            mask_validation=masked and part == "test",
            cutoffs=options.cutoffs,
        )
        metrics = evaluator.evaluate(*embeddings)
        shown = _choose(metrics, options.metrics, options.cutoffs)
        users = len(evaluator.user_ids)
        rows.append({"run": folder.name, "part": part, "users": users, **shown})
    return pd.DataFrame(rows)


def _evaluate_cold(folder, options):
    from camgr_tf.serving.cold_evaluation import evaluate_cold_items
    from camgr_tf.serving.recommender import load

    recommender = load(folder, options.data_root)
    table = evaluate_cold_items(recommender, tuple(options.cutoffs))
    table.insert(0, "run", folder.name)
    return table


def _choose(metrics, names, cutoffs):
    known = sorted({metric.partition("@")[0] for metric in metrics})
    for name in names:
        if name not in known:
            raise ValueError(
                f"--metrics must be among {', '.join(known)}. Received: {name}"
            )
    return {
        heading(f"{name}@{k}"): metrics[f"{name}@{k}"]
        for name in names
        for k in sorted(set(cutoffs))
    }

"""Searches the best setting of one model."""

from camgr_tf import paths
from camgr_tf.cli.executor_options import chosen_executor
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_parameters
from camgr_tf.cli.options import not_negative
from camgr_tf.cli.options import positive
from camgr_tf.cli.options import read_parameters
from camgr_tf.cli.sweep import add_run_options
from camgr_tf.cli.sweep import collect

SUMMARY = "search a model's hyperparameters, on validation alone"
EXAMPLES = """
    camgr search mgcn --dataset baby --trials 20
    camgr search camgr --dataset demo --space num_layers '[1, 2, 3]'
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="such as camgr or mgcn, or an own one as package.module:Class",
    )
    parser.add_argument(
        "--dataset",
        required=True,
        metavar="NAME",
        help="folder below the data root",
    )
    parser.add_argument(
        "--trials",
        type=positive,
        default=20,
        metavar="N",
        help="trials in all, earlier ones included",
    )
    parser.add_argument(
        "--seed",
        type=not_negative,
        default=0,
        metavar="SEED",
        help="of the choice and of all runs",
    )
    parser.add_argument(
        "--space",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUES"),
        help="ranges in place of the model's, such as num_layers '[1, 2]'; "
        "may be repeated",
    )
    add_parameters(parser, "a parameter of all trials")
    add_run_options(parser)
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Continues the search to its number of trials; prints the best one."""
    from camgr_tf.config import RUN_DEFAULTS
    from camgr_tf.experiments.search import search

    root = options.output_root = paths.output_root(options.output_root)
    with chosen_executor(options, [options.dataset]) as executor:
        study = search(
            options.model,
            options.dataset,
            root,
            num_trials=options.trials,
            seed=options.seed,
            space=read_parameters(options.space, {}, "--space") or None,
            overrides=read_parameters(options.parameters, RUN_DEFAULTS),
            data_root=options.data_root,
            notes=options.note,
            notebook=not options.no_notebook,
            ignore_code=options.ignore_code,
            executor=executor,
        )
    collect(root)
    write(f"validation Recall@20 {study.best_value:.4f}: {study.best_params}")

"""Exports a run for use without this package."""

from camgr_tf.cli import choices
from camgr_tf.cli.execution_options import add_execution
from camgr_tf.cli.execution_options import chosen_execution
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_list_length
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_overwrite
from camgr_tf.cli.options import add_run
from camgr_tf.cli.options import folder
from camgr_tf.cli.run_folder import find_run

SUMMARY = "export a run: SavedModel, vectors, index, lists of all users"
EXAMPLES = """
    camgr export demo-camgr /tmp/exported
    camgr export demo-camgr /tmp/lists --only recommendations -k 50
    camgr export demo-camgr /shared/lists --only recommendations -k 50 \\
        --executor ray --address auto --shards 100
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add_run(parser)
    parser.add_argument(
        "folder", type=folder, metavar="FOLDER", help="where to, a new folder"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=choices.EXPORTS,
        default=choices.EXPORTS,
        metavar="KIND",
        help=f"some of {', '.join(choices.EXPORTS)}; the index needs the "
        "extra `index`",
    )
    add_list_length(parser, 20)
    add_execution(
        parser,
        "the lists of all users",
        "part files of the lists, in a folder recommendations.parquet/ "
        "(default: one file with the local executor, else one for each "
        "20,000 users)",
        "FOLDER",
    )
    add_overwrite(parser, "write into a folder that is not empty")
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Checks the place, then the run; prints the files."""
    run_folder = find_run(options.run_name, options.output_root)
    target = options.folder
    if target.is_dir() and any(target.iterdir()) and not options.overwrite:
        raise FileExistsError(
            f"{target} is not empty. Choose a new folder, or give --overwrite."
        )
    execution = chosen_execution(options)
    from camgr_tf.serving.export import export
    from camgr_tf.serving.recommender import load

    recommender = load(run_folder, options.data_root)
    for path in export(
        recommender,
        target,
        tuple(options.only),
        options.k,
        execution=execution,
    ):
        write(path)

"""Prints lists of recommended items."""

from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_list_length
from camgr_tf.cli.options import add_output_root
from camgr_tf.cli.options import add_run
from camgr_tf.cli.run_folder import find_run

SUMMARY = "print recommended items, for users or for a basket of items"
EXAMPLES = """
    camgr recommend demo-camgr user-001 user-002 -k 5
    camgr recommend demo-camgr --items item-007 item-123
    camgr recommend outputs/demo-camgr-seed0-1a2b3c4d user-001 --format csv
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add_run(parser)
    parser.add_argument(
        "users",
        nargs="*",
        metavar="USER",
        help="ids of known users, as the data's users.csv has them",
    )
    parser.add_argument(
        "--items",
        nargs="+",
        default=[],
        metavar="ITEM",
        help="ids of the items that a new user took, in place of USER",
    )
    add_list_length(parser, 10)
    parser.add_argument(
        "--include-seen",
        action="store_true",
        help="keep items that the user has in training",
    )
    parser.add_argument(
        "--format",
        choices=("table", "csv", "json"),
        default="table",
        metavar="FORMAT",
        help="table, csv, or json with one object a line",
    )
    add_data_root(parser)
    add_output_root(parser)


def run(options):
    """Prints one list after the other."""
    if bool(options.users) == bool(options.items):
        raise ValueError("Give either users or --items, the items of a basket.")
    folder = find_run(options.run_name, options.output_root)
    from camgr_tf.serving.recommender import load

    recommender = load(folder, options.data_root)
    exclude_seen = not options.include_seen
    if options.items:
        table = recommender.recommend_for_items(
            options.items, options.k, exclude_seen
        )
    else:
        table = recommender.recommend(options.users, options.k, exclude_seen)
    columns = [n for n in ("user", "rank", "item", "title") if n in table]
    table = table[[*columns, "score"]]
    if options.format == "csv":
        write(table.to_csv(index=False).rstrip("\n"))
    elif options.format == "json":
        write(table.to_json(orient="records", lines=True).rstrip("\n"))
    else:
        write(table.to_string(index=False, float_format="%.4f"))

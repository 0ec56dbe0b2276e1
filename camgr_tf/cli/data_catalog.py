"""Makes a dataset from a user's own tables."""

from camgr_tf import paths
from camgr_tf.cli.data_options import add_making
from camgr_tf.cli.data_options import print_made
from camgr_tf.cli.data_options import text_options
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import name
from camgr_tf.cli.options import pair
from camgr_tf.cli.options import positive

SUMMARY = "make a dataset from your own tables (CSV, TSV or Parquet)"
EXAMPLES = """
    camgr data catalog --name shop --interactions sales.csv --items items.csv
    camgr data catalog --name shop --interactions sales.parquet \\
        --items items.csv --column user=customer_id --k-core 3 \\
        --split temporal_user --image-encoder color_shape
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add = parser.add_argument
    add(
        "--name",
        required=True,
        type=name,
        metavar="NAME",
        help="of the dataset, a new folder below the data root",
    )
    add(
        "--interactions",
        required=True,
        type=folder,
        metavar="FILE",
        help="table of user, item and perhaps rating, timestamp",
    )
    add(
        "--items",
        required=True,
        type=folder,
        metavar="FILE",
        help="table of item and some of title, description, image (a path)",
    )
    add(
        "--column",
        type=pair,
        action="append",
        default=[],
        metavar="KEY=NAME",
        help="your name of a column, such as user=customer_id; may be repeated",
    )
    add(
        "--encoding",
        default="utf-8",
        metavar="ENCODING",
        help="of text files",
    )
    add(
        "--timestamp-format",
        metavar="FORMAT",
        help="of dates, such as %%d/%%m/%%Y (default: it is found out)",
    )
    add(
        "--min-rating",
        type=float,
        metavar="RATING",
        help="the least that counts (default: all ratings count)",
    )
    add(
        "--k-core",
        type=positive,
        default=5,
        metavar="K",
        help="the least number of rows of each user and item",
    )
    add(
        "--image-root",
        type=folder,
        metavar="FOLDER",
        help="folder of the images (default: that of the table of items)",
    )
    add(
        "--image-encoder",
        default="VGG16",
        metavar="ENCODER",
        help="a model of keras.applications, or color_shape, which needs no "
        "weights",
    )
    add(
        "--image-weights",
        default="imagenet",
        metavar="WEIGHTS",
        help="imagenet (Keras' cache), or the path of a weights file",
    )
    add_making(parser)


def run(options):
    """Makes it; prints the folder and the counts."""
    from camgr_tf.ingest.catalog_builder import build_catalog_dataset

    target = paths.data_root(options.data_root) / options.name
    record = build_catalog_dataset(
        options.interactions,
        options.items,
        target,
        columns=dict(options.column),
        encoding=options.encoding,
        timestamp_format=options.timestamp_format,
        min_rating=options.min_rating,
        k_core=options.k_core,
        split=options.split,
        split_seed=options.split_seed,
        image_root=options.image_root,
        image_options={
            "encoder": options.image_encoder,
            "weights": options.image_weights,
        },
        text_options=text_options(options),
        imputation=options.imputation,
        overwrite=options.overwrite,
    )
    print_made(target, record)

"""Makes a dataset from the raw Amazon product data of 2014."""

from camgr_tf import paths
from camgr_tf.cli.data_options import add_making
from camgr_tf.cli.data_options import print_made
from camgr_tf.cli.data_options import text_options
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import name

SUMMARY = "make a dataset from the raw Amazon product data of 2014"
EXAMPLES = """
    camgr data amazon --category Baby
    camgr data amazon --category Toys_and_Games --no-images --name toys
"""
# The names under which the field knows the paper's categories.
DATASET_NAMES = {
    "Baby": "baby",
    "Sports_and_Outdoors": "sports",
    "Clothing_Shoes_and_Jewelry": "clothing",
}


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "--category",
        required=True,
        metavar="CATEGORY",
        help="as in the names of the raw files; the paper's are "
        f"{', '.join(DATASET_NAMES)}",
    )
    parser.add_argument(
        "--raw",
        type=folder,
        metavar="FOLDER",
        help="folder of the raw files (default: raw/ below the data root)",
    )
    parser.add_argument(
        "--name",
        type=name,
        metavar="NAME",
        help="of the dataset (default: the category's in the field, else the "
        "category in small letters)",
    )
    parser.add_argument(
        "--no-images",
        action="store_true",
        help="make no image features: there is no .b file",
    )
    add_making(parser)


def run(options):
    """Makes it; prints the folder and the counts."""
    from camgr_tf.ingest.amazon import build_amazon_dataset

    root = paths.data_root(options.data_root)
    target = options.name or DATASET_NAMES.get(
        options.category, options.category.lower()
    )
    record = build_amazon_dataset(
        options.category,
        options.raw or root / "raw",
        root / target,
        split=options.split,
        split_seed=options.split_seed,
        use_images=not options.no_images,
        imputation=options.imputation,
        text_options=text_options(options),
        overwrite=options.overwrite,
    )
    print_made(root / target, record)

"""Finds the similar items of a dataset before a model is trained."""

from camgr_tf.cli import choices
from camgr_tf.cli.execution_options import add_execution
from camgr_tf.cli.execution_options import chosen_execution
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import positive

SUMMARY = "find each item's most similar items, on one machine or many"
EXAMPLES = """
    camgr data neighbors shop
    camgr data neighbors shop --modalities text --num-neighbors 15
    camgr data neighbors shop --executor ray --address auto --shards 200
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add = parser.add_argument
    add("dataset", metavar="NAME", help="folder below the data root")
    add(
        "--modalities",
        nargs="+",
        metavar="MODALITY",
        help="whose features are compared (default: all of the dataset)",
    )
    add(
        "--num-neighbors",
        type=positive,
        default=10,
        metavar="N",
        help="similar items of an item, the model's parameter num_neighbors",
    )
    add(
        "--method",
        choices=choices.GRAPH_METHODS,
        default="exact",
        metavar="METHOD",
        help=f"one of {', '.join(choices.GRAPH_METHODS)}; the models of this "
        "package look for exact ones, approximate needs the extra `index`",
    )
    add_execution(
        parser,
        "the search",
        "parts that the items are cut into (default: one for each 10,000)",
        "the folder CAMGR_CACHE",
    )
    add_data_root(parser)


def run(options):
    """Keeps what is missing in the cache; prints the files."""
    execution = chosen_execution(options)
    from camgr_tf.data.dataset import find_dataset
    from camgr_tf.data.features import list_modalities
    from camgr_tf.data.features import load_features
    from camgr_tf.graphs.cache import cache_folder
    from camgr_tf.graphs.neighbor_files import write_neighbors

    folder = find_dataset(options.dataset, options.data_root)
    cache = cache_folder()
    if cache is None:
        raise ValueError(
            "Neighbors are kept in the cache, which is off. Set CAMGR_CACHE "
            "to a folder."
        )
    for modality in options.modalities or list_modalities(folder):
        features, _ = load_features(folder, modality, mapped=True)
        path, was_there = write_neighbors(
            features,
            options.num_neighbors,
            cache,
            execution,
            method=options.method,
        )
        write(f"{modality}: {path}{', as before' if was_there else ''}")

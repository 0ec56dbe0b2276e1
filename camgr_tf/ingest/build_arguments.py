"""The arguments of `python -m camgr_tf.ingest.build`."""

import argparse
from pathlib import Path

from camgr_tf.data.imputation import IMPUTATION_RULES
from camgr_tf.data.splits import SPLIT_RULES
from camgr_tf.ingest.amazon import TABLE_1
from camgr_tf.ingest.encoders import TEXT_ENCODERS
from camgr_tf.ingest.sentence_transformer_features import DEFAULT_MODEL
from camgr_tf.ingest.sources import SOURCES


def make_parser(run_download, run_amazon, run_catalog):
    """Makes the parser of the command.

    Args:
        run_download: Function of the parsed options of `download`, stored as
            their attribute `run`.
        run_amazon: The same of `amazon`.
        run_catalog: The same of `catalog`.

    Returns:
        An `argparse.ArgumentParser`.
    """
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.ingest.build",
        description="Downloads raw data, and makes dataset folders.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_download(commands, run_download)
    _add_amazon(commands, run_amazon)
    _add_catalog(commands, run_catalog)
    return parser


def _add_command(commands, name, run, text, **options):
    command = commands.add_parser(
        name,
        help=text,
        description=text,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        **options,
    )
    command.set_defaults(run=run)
    command.add_argument(
        "--root",
        metavar="FOLDER",
        help="folder of the datasets; else CAMGR_DATA, else the project's",
    )
    return command


def _add_download(commands, run):
    command = _add_command(commands, "download", run, "Download named files.")
    command.add_argument("source", choices=SOURCES)
    command.add_argument(
        "--folder",
        type=Path,
        help="where to; else ROOT/raw, or ROOT/NAME for mmrec-NAME",
    )
    command.add_argument(
        "--mirror",
        type=_pair,
        action="append",
        default=[],
        metavar="FILE=ADDRESS",
        help="a further address of a file, tried first; may be repeated",
    )
    command.add_argument(
        "--mirrors",
        type=Path,
        metavar="JSON",
        help="a file with such addresses: {file name: [address, ...]}",
    )


def _add_amazon(commands, run):
    command = _add_command(
        commands,
        "amazon",
        run,
        "Make a dataset folder from the raw Amazon product data of 2014.",
    )
    command.add_argument(
        "--category",
        required=True,
        help=f"as in the file names; the paper's are {', '.join(TABLE_1)}",
    )
    command.add_argument(
        "--raw", type=Path, help="folder of the raw files; else ROOT/raw"
    )
    command.add_argument("--name", type=_name, help="name of the dataset")
    command.add_argument(
        "--no-images", action="store_true", help="there is no .b file"
    )
    _add_shared_options(command)


def _add_catalog(commands, run):
    command = _add_command(
        commands,
        "catalog",
        run,
        "Make a dataset folder from your own tables (CSV, TSV or Parquet).",
        aliases=["catalogue"],
    )
    command.add_argument(
        "--interactions",
        required=True,
        help="table of user, item and perhaps rating, timestamp",
    )
    command.add_argument(
        "--items",
        required=True,
        help="table of item and some of title, description, image (a path)",
    )
    command.add_argument(
        "--name", required=True, type=_name, help="name of the dataset"
    )
    command.add_argument(
        "--column",
        type=_pair,
        action="append",
        default=[],
        metavar="KEY=NAME",
        help="your name of a column, e.g. user=customer_id; may be repeated",
    )
    command.add_argument("--encoding", default="utf-8", help="of text files")
    command.add_argument(
        "--timestamp-format",
        metavar="FORMAT",
        help="of dates, such as %%d/%%m/%%Y; else it is found out",
    )
    command.add_argument(
        "--min-rating", type=float, help="the least that counts"
    )
    command.add_argument(
        "--k-core",
        type=int,
        default=5,
        help="the least number of rows of each user and item",
    )
    command.add_argument(
        "--image-root",
        type=Path,
        help="folder of the images; else that of the table of items",
    )
    command.add_argument(
        "--image-encoder",
        default="VGG16",
        help="a model of keras.applications, or color_shape, which needs no "
        "weights",
    )
    command.add_argument(
        "--image-weights",
        default="imagenet",
        help="imagenet (Keras's cache), or the path of a weights file",
    )
    _add_shared_options(command)


def _add_shared_options(command):
    command.add_argument("--split", choices=SPLIT_RULES, default="random")
    command.add_argument("--split-seed", type=int, default=0)
    command.add_argument(
        "--text-encoder", choices=TEXT_ENCODERS, default="sentence2vec"
    )
    command.add_argument(
        "--text-dim", type=int, default=300, help="width of sentence2vec"
    )
    command.add_argument(
        "--text-seed", type=int, default=0, help="of sentence2vec's training"
    )
    command.add_argument(
        "--word-vectors", type=Path, help="else trained on the texts"
    )
    command.add_argument(
        "--text-model", default=DEFAULT_MODEL, help="of sentence_transformer"
    )
    command.add_argument(
        "--imputation", choices=IMPUTATION_RULES, default="mean"
    )
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the dataset of that name",
    )


def _pair(text):
    key, separator, value = text.partition("=")
    if not (key and separator and value):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    return key, value


def _name(text):
    if text != Path(text).name or text.startswith("."):
        raise argparse.ArgumentTypeError(
            f"expected the name of a folder, not a path, got {text!r}"
        )
    return text

"""Makes a dataset folder with one command.

```
python -m camgr_tf.data.build download amazon-baby
python -m camgr_tf.data.build amazon --category Baby
python -m camgr_tf.data.build catalog --name shop \
    --interactions purchases.csv --items products.csv
```
"""

import argparse
import json
import os
import sys
import warnings
from pathlib import Path

from camgr_tf.data.amazon import TABLE_1
from camgr_tf.data.amazon import build_amazon_dataset
from camgr_tf.data.catalog_builder import build_catalog_dataset
from camgr_tf.data.dataset import PROJECT_DATA
from camgr_tf.data.download import download_source
from camgr_tf.data.download import read_mirrors
from camgr_tf.data.encoders import TEXT_ENCODERS
from camgr_tf.data.imputation import IMPUTATION_RULES
from camgr_tf.data.sentence_transformer_features import DEFAULT_MODEL
from camgr_tf.data.sources import SOURCES
from camgr_tf.data.splits import SPLIT_RULES

#: The names under which the field knows the paper's categories.
DATASET_NAMES = {
    "Baby": "baby",
    "Sports_and_Outdoors": "sports",
    "Clothing_Shoes_and_Jewelry": "clothing",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: What follows the command's name. Defaults to `None`, those
            of the process.

    Returns:
        Integer, the exit status: `0`, or `1` after an error, which is
        reported in one message.
    """
    options = _make_parser().parse_args(arguments)
    root = options.root or os.environ.get("CAMGR_DATA") or PROJECT_DATA
    options.root = Path(root).expanduser().resolve()
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            sys.stdout.write(options.run(options) + "\n")
        except (OSError, ValueError, ImportError) as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
    return 0


def _run_amazon(options):
    name = options.name or DATASET_NAMES.get(
        options.category, options.category.lower()
    )
    record = build_amazon_dataset(
        options.category,
        options.raw or options.root / "raw",
        options.root / name,
        split=options.split,
        split_seed=options.split_seed,
        use_images=not options.no_images,
        imputation=options.imputation,
        text_options=_text_options(options),
        overwrite=options.overwrite,
    )
    return _summarize(options.root / name, record)


def _run_catalog(options):
    record = build_catalog_dataset(
        options.interactions,
        options.items,
        options.root / options.name,
        columns=dict(options.column),
        encoding=options.encoding,
        min_rating=options.min_rating,
        k_core=options.k_core,
        split=options.split,
        split_seed=options.split_seed,
        image_root=options.image_root,
        image_options={
            "encoder": options.image_encoder,
            "weights": options.image_weights,
        },
        text_options=_text_options(options),
        imputation=options.imputation,
        overwrite=options.overwrite,
    )
    return _summarize(options.root / options.name, record)


def _run_download(options):
    folder = options.folder
    if folder is None:
        kind, name = options.source.split("-", 1)
        folder = options.root / ("raw" if kind == "amazon" else name)
    mirrors = read_mirrors(options.mirrors) if options.mirrors else {}
    for name, url in options.mirror:
        mirrors.setdefault(name, []).insert(0, url)
    results = download_source(options.source, folder, mirrors)
    lines = [f"{options.source} is in {folder}"]
    for result in results:
        came = "fetched" if result["fetched"] else "was there"
        known = "verified" if result["verified"] else "no digest is known"
        lines.append(
            f"  {result['file']}: {came}, {known}, {result['bytes']:,} bytes, "
            f"SHA-256 {result['sha256']}"
        )
    return "\n".join(lines)


def _text_options(options):
    return {
        "encoder": options.text_encoder,
        "dimension": options.text_dim,
        "seed": options.text_seed,
        "word_vectors": options.word_vectors,
        "model": options.text_model,
    }


def _summarize(folder, record):
    counts = json.dumps(record["counts"], indent=2)
    return f"{folder}\n{counts}"


def _make_parser():
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.data.build",
        description="Downloads raw data, and makes dataset folders.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_download(commands)
    _add_amazon(commands)
    _add_catalog(commands)
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


def _add_download(commands):
    command = _add_command(
        commands, "download", _run_download, "Download named files."
    )
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


def _add_amazon(commands):
    command = _add_command(
        commands,
        "amazon",
        _run_amazon,
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


def _add_catalog(commands):
    command = _add_command(
        commands,
        "catalog",
        _run_catalog,
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


def _show_warning(message, category, filename, lineno, file=None, line=None):
    sys.stderr.write(f"warning: {message}\n")


if __name__ == "__main__":
    sys.exit(main())

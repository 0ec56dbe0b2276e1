"""Makes a dataset folder with one command.

```
python -m camgr_tf.ingest.build download amazon-baby
python -m camgr_tf.ingest.build amazon --category Baby
python -m camgr_tf.ingest.build catalog --name shop \
    --interactions purchases.csv --items products.csv
```
"""

import json
import sys
import warnings

from camgr_tf import paths
from camgr_tf.ingest.amazon import build_amazon_dataset
from camgr_tf.ingest.build_arguments import make_parser
from camgr_tf.ingest.catalog_builder import build_catalog_dataset
from camgr_tf.ingest.download import download_source
from camgr_tf.ingest.download import read_mirrors

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
    options = make_parser(_run_download, _run_amazon, _run_catalog).parse_args(
        arguments
    )
    options.root = paths.data_root(options.root)
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


def _show_warning(message, category, filename, lineno, file=None, line=None):
    sys.stderr.write(f"warning: {message}\n")


if __name__ == "__main__":
    sys.exit(main())

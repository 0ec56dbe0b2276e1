"""Downloads published files."""

from camgr_tf import paths
from camgr_tf.cli import choices
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import folder
from camgr_tf.cli.options import pair

SUMMARY = "download published data files, and verify those that are there"
EXAMPLES = """
    camgr data download mmrec-baby
    camgr data download amazon-baby --folder /data/raw
    camgr data download mmrec-baby --mirror baby.inter=https://host/baby.inter
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        choices=choices.SOURCES,
        help=f"one of {', '.join(choices.SOURCES)}",
    )
    parser.add_argument(
        "--folder",
        type=folder,
        metavar="FOLDER",
        help="where to (default: raw/ below the data root for amazon-NAME, "
        "NAME/ for mmrec-NAME)",
    )
    parser.add_argument(
        "--mirror",
        type=pair,
        action="append",
        default=[],
        metavar="FILE=ADDRESS",
        help="a further address of a file, tried first; may be repeated",
    )
    parser.add_argument(
        "--mirrors",
        type=folder,
        metavar="JSON",
        help="a file with such addresses: {file name: [address, ...]}",
    )
    add_data_root(parser)


def run(options):
    """Fetches what is missing; prints sizes and digests."""
    from camgr_tf.ingest.download import download_source
    from camgr_tf.ingest.download import read_mirrors

    target = options.folder
    if target is None:
        kind, name = options.source.split("-", 1)
        target = paths.data_root(options.data_root)
        target /= "raw" if kind == "amazon" else name
    mirrors = read_mirrors(options.mirrors) if options.mirrors else {}
    for name, url in options.mirror:
        mirrors.setdefault(name, []).insert(0, url)
    results = download_source(options.source, target, mirrors)
    write(f"{options.source} is in {target}")
    for result in results:
        came = "fetched" if result["fetched"] else "was there"
        known = "verified" if result["verified"] else "no digest is known"
        write(
            f"  {result['file']}: {came}, {known}, {result['bytes']:,} bytes, "
            f"SHA-256 {result['sha256']}"
        )

"""Makes the demo dataset."""

from camgr_tf import paths
from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root
from camgr_tf.cli.options import add_overwrite

SUMMARY = "make the demo dataset: 600 users and 400 items, all made up"
EXAMPLES = """
    camgr data demo
    camgr data demo --data-root /tmp/data --overwrite
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    add_data_root(parser)
    add_overwrite(parser, "make it anew where it is there already")


def run(options):
    """Makes it, unless it is there."""
    from camgr_tf.ingest.demo import make_demo

    folder = paths.data_root(options.data_root) / "demo"
    if (folder / "demo.inter").is_file() and not options.overwrite:
        write(f"The demo dataset is in {folder} already")
        return
    make_demo(folder, options.overwrite)
    write(f"Made the demo dataset in {folder}")

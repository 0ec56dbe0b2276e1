"""Says what is in a dataset folder."""

from camgr_tf.cli.metrics_text import write
from camgr_tf.cli.options import add_data_root

SUMMARY = "print what a dataset has: counts, features, titles, source"
EXAMPLES = """
    camgr data describe demo
    camgr data describe baby --data-root /data
"""


def add_arguments(parser):
    """Adds what `run` reads."""
    parser.add_argument(
        "dataset", metavar="NAME", help="folder below the data root"
    )
    add_data_root(parser)


def run(options):
    """Reads the folder as training does, with all its features."""
    from camgr_tf.data.dataset import find_dataset
    from camgr_tf.data.dataset import load_dataset
    from camgr_tf.data.statistics import summarize_interactions

    folder = find_dataset(options.dataset, options.data_root)
    found = sorted(path.name for path in folder.glob("*_feat.npy"))
    modalities = tuple(name.removesuffix("_feat.npy") for name in found)
    dataset = load_dataset(options.dataset, folder.parent, modalities)
    counts = summarize_interactions(dataset.interactions)
    write(f"{'folder':14}{folder}")
    for name, value in counts.items():
        text = f"{value:.5%}" if name == "density" else f"{value:,}"
        write(f"{name:14}{text}")
    for modality, features in dataset.features.items():
        missing = int((~dataset.has_modality[modality]).sum())
        lacking = f", {missing:,} items without" if missing else ""
        write(f"{modality:14}width {features.shape[1]:,}{lacking}")
    write(f"{'items.csv':14}{', '.join(dataset.items.columns)}")
    builder = dataset.provenance.get("builder")
    if builder:
        write(f"{'made by':14}{builder}")
    write(f"{'content hash':14}{dataset.content_hash}")

"""Everything that others use of a run: `python -m camgr_tf.serving.export`."""

import argparse
import logging
from pathlib import Path

import scipy.sparse

from camgr_tf.serving.item_index import build_index
from camgr_tf.serving.parquet import export_vectors
from camgr_tf.serving.parquet import write_recommendations
from camgr_tf.serving.recommender import load
from camgr_tf.serving.saved_model import export_saved_model

_logger = logging.getLogger("camgr_tf.serving.export")

KINDS = ("saved_model", "vectors", "index", "recommendations")


def export(recommender, folder, kinds=KINDS, k=20, progress=True):
    """Writes a recommender in the forms that others use.

    Args:
        recommender: `TrainedRecommender`.
        folder: Path of a folder, made where missing. It receives
            `saved_model/1/`, `users.parquet` and `items.parquet`,
            `items.faiss`, `recommendations.parquet`.
        kinds: Tuple of strings, any of `"saved_model"`, `"vectors"`,
            `"index"` (needs the extra `index`) and `"recommendations"`.
            Defaults to all.
        k: Integer. Items a user in `recommendations.parquet`. Defaults to
            `20`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Returns:
        List of the paths that were written.

    Raises:
        ValueError: For an unknown kind, or one that a model of neighborhoods
            does not have.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise ValueError(
            f"`kinds` may name {', '.join(KINDS)}. Received: {unknown}"
        )
    others = sorted(set(kinds) - {"recommendations"})
    if others and scipy.sparse.issparse(recommender.item_vectors):
        raise ValueError(
            f"A {recommender.run.config.model} has neighbors in place of dense "
            "vectors: only 'recommendations' can be exported. Received: "
            f"{others}"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    if "saved_model" in kinds:
        (folder / "saved_model").mkdir(exist_ok=True)
        paths.append(
            export_saved_model(recommender, folder / "saved_model" / "1")
        )
    if "vectors" in kinds:
        paths.extend(export_vectors(recommender, folder))
    if "index" in kinds:
        path = folder / "items.faiss"
        build_index(recommender).save(path)
        paths.append(path)
    if "recommendations" in kinds:
        path = folder / "recommendations.parquet"
        paths.append(
            write_recommendations(recommender, path, k, progress=progress)
        )
    return paths


def main(arguments=None):
    """The command line: a run's folder, an output folder, `--only`, `--k`."""
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.serving.export",
        description="Exports a trained run for use without this package.",
    )
    parser.add_argument("run", help="folder of a finished run")
    parser.add_argument("folder", help="folder to write to")
    parser.add_argument("--data-root", default=None)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--k", type=int, default=20)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    _logger.setLevel(logging.INFO)
    recommender = load(options.run, options.data_root)
    for path in export(recommender, options.folder, options.only, options.k):
        _logger.info("%s", path)


if __name__ == "__main__":
    main()

"""Everything that others use of a run, in one folder."""

from pathlib import Path

import scipy.sparse

from camgr_tf.ranking.execution import Execution
from camgr_tf.serving.item_index import build_index
from camgr_tf.serving.item_index import check_index
from camgr_tf.serving.lists import check_file
from camgr_tf.serving.lists import check_k
from camgr_tf.serving.parquet import export_vectors
from camgr_tf.serving.parquet import write_recommendation_parts
from camgr_tf.serving.parquet import write_recommendations
from camgr_tf.serving.saved_model import check_replaceable
from camgr_tf.serving.saved_model import export_saved_model
from camgr_tf.staged_parts import check_parts

KINDS = ("saved_model", "vectors", "index", "recommendations")
FILES = {
    "vectors": ("users.parquet", "items.parquet"),
    "index": ("items.faiss",),
    "recommendations": ("recommendations.parquet",),
}


def export(
    recommender, folder, kinds=KINDS, k=20, progress=True, execution=None
):
    """Writes a recommender in the forms that others use.

    Everything is checked before anything is written.

    Args:
        recommender: `TrainedRecommender`.
        folder: Path of a folder, made where missing. It receives
            `saved_model/1/`, `users.parquet` and `items.parquet`,
            `items.faiss`, `recommendations.parquet` (a folder of part files
            where there are several shards or another executor).
        kinds: Tuple of strings, any of `"saved_model"`, `"vectors"`,
            `"index"` (needs the extra `index`) and `"recommendations"`.
            Defaults to all.
        k: Integer. Items a user in `recommendations.parquet`. Defaults to
            `20`.
        progress: Boolean. Whether a progress bar is shown on a terminal.
            Defaults to `True`.
        execution: `camgr_tf.ranking.execution.Execution`, where the lists
            are computed. Defaults to `None`: in this process.

    Returns:
        List of the paths that were written.

    Raises:
        ValueError: For an unknown kind or none, one that a model of
            neighborhoods does not have, or an impossible `k`.
        ImportError: For an index without faiss.
        OSError: If something else is in the place of what is to be written.
    """
    folder = Path(folder)
    execution = execution or Execution()
    check_export(recommender, folder, kinds, k, execution)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    if "saved_model" in kinds:
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
        if _has_parts(execution):
            write_recommendation_parts(
                recommender, path, execution, k, progress=progress
            )
        else:
            write_recommendations(recommender, path, k, progress=progress)
        paths.append(path)
    return paths


def check_export(recommender, folder, kinds=KINDS, k=20, execution=None):
    """Refuses what `export` would fail at later.

    Args:
        recommender: `TrainedRecommender`.
        folder: Path of a folder, perhaps not there yet.
        kinds: Tuple of strings. Defaults to all.
        k: Integer. Defaults to `20`.
        execution: `Execution`. Defaults to `None`: in this process.

    Raises:
        ValueError: For an unknown kind or none, one that a model of
            neighborhoods does not have, or an impossible `k`.
        ImportError: For an index without faiss.
        OSError: If something else is in the place of what is to be written.
    """
    unknown = isinstance(kinds, str) or sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ValueError(
            f"`kinds` must be a tuple of some of {', '.join(KINDS)}. "
            f"Received: {kinds!r}"
        )
    others = sorted(set(kinds) - {"recommendations"})
    if others and scipy.sparse.issparse(recommender.item_vectors):
        raise ValueError(
            f"A {recommender.run.config.model} has neighbors in place of dense "
            "vectors: only 'recommendations' can be exported. Received: "
            f"{others}"
        )
    if "recommendations" in kinds:
        check_k(k, recommender.num_items)
    if "index" in kinds:
        check_index()
    folder = Path(folder)
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(f"{path} is a file, and no folder.")
    if "saved_model" in kinds:
        check_replaceable(folder / "saved_model" / "1")
    for kind in kinds:
        parts = kind == "recommendations" and _has_parts(execution)
        for name in FILES.get(kind, ()):
            check = check_parts if parts else check_file
            check(folder / name)


def _has_parts(execution):
    execution = execution or Execution()
    return execution.executor != "local" or (execution.num_shards or 1) > 1

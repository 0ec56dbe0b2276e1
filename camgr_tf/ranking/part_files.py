"""Shards that are files in the end, and how many rows of them are there."""

from tqdm import tqdm

from camgr_tf.ranking.execution import run_shards


def compute_parts(function, shards, paths, execution, bar):
    """Computes shards that write a file each.

    Args:
        function: Function as of `run_shards`. It writes the shard's file.
        shards: List of tuples `(start, stop, place)`: the first row, the row
            after the last, the shard's number.
        paths: List of the shards' paths.
        execution: `Execution`.
        bar: `tqdm.tqdm` of the rows.

    Raises:
        FileNotFoundError: If a file is missing at the end.
    """

    def report():
        done = sum(
            stop - start
            for (start, stop, _), path in zip(shards, paths)
            if path.exists()
        )
        bar.update(done - bar.n)

    run_shards(function, shards, execution, report)
    # A worker on another machine may have written where nobody looks.
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(shards)} parts are not in "
            f"{missing[0].parent}, though their workers have ended. Expected: "
            "a folder that is the same for all workers."
        )


def progress_bar(total, unit, description, progress):
    """A bar of rows that are done, on a terminal.

    Args:
        total: Integer. Rows.
        unit: String. What a row is.
        description: String.
        progress: Boolean. Whether it is shown.

    Returns:
        `tqdm.tqdm`.
    """
    return tqdm(
        total=total,
        unit=unit,
        desc=description,
        disable=None if progress else True,
    )

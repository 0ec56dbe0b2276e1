"""Which run somebody means."""

from camgr_tf import paths
from camgr_tf.near_names import near_names


def find_run(text, output_root=None):
    """The folder of a run.

    Args:
        text: String: a folder, a run's name under the output root, or the
            beginning of exactly one run's name.
        output_root: Path. Defaults to `None`, see `camgr_tf.paths`.

    Returns:
        Absolute path of a folder with a `config.json`.

    Raises:
        FileNotFoundError: If no run is meant, with those that are near.
        ValueError: If several are meant.
    """
    root = paths.output_root(output_root)
    folder = paths.absolute(text)
    text = text.rstrip("/") or text
    if _is_run(folder):
        return folder
    if _is_run(root / text):
        return paths.absolute(root / text)
    names = list_runs(root)
    starting = [name for name in names if text and name.startswith(text)]
    if len(starting) == 1:
        return root / starting[0]
    if starting:
        raise ValueError(
            f"{text!r} is the beginning of {len(starting)} runs in {root}: "
            f"{_some(starting)}. Write more of the name."
        )
    if folder.is_dir() and ("/" in text or text.startswith(".")):
        inside = list_runs(folder)
        has = f"the runs {_some(inside)}" if inside else "no config.json"
        raise FileNotFoundError(f"{folder} is no run: it has {has}.")
    if folder.is_file():
        raise FileNotFoundError(f"{folder} is a file; a run is a folder.")
    if "/" in text:
        raise FileNotFoundError(
            f"There is no folder {folder}{near_names(text, names)}."
        )
    if not names:
        raise FileNotFoundError(
            f"There is no run {text!r}: {root} has none. Train one with "
            "`camgr train`, or give --output-root."
        )
    raise FileNotFoundError(
        f"There is no run {text!r}{near_names(text, names)} in {root}; it has "
        f"{_some(names)}."
    )


def list_runs(root):
    """Names of the runs in a folder, sorted."""
    return sorted(path.parent.name for path in root.glob("*/config.json"))


def _is_run(folder):
    return (folder / "config.json").is_file()


def _some(names, limit=8):
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more

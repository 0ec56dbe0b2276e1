from pathlib import Path

from camgr_tf.staged_file import staged_file


def save_figure(figure, folder, name):
    """Writes a figure as a PNG file of 150 dots per inch.

    Args:
        figure: `matplotlib.figure.Figure`.
        folder: Path of the folder, made where missing.
        name: String. Name of the file, without its suffix.

    Returns:
        Path of the file.
    """
    path = Path(folder) / f"{name}.png"
    with staged_file(path) as staging:
        figure.savefig(staging, dpi=150, bbox_inches="tight")
    return path

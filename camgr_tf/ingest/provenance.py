"""Records where the files of a dataset folder come from."""

import datetime
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable
from pathlib import Path

from camgr_tf.staged_file import staged_file

FILE_NAME = "provenance.json"
_PACKAGES = ("numpy", "pandas", "pillow", "gensim", "keras", "tensorflow")


def write_provenance(
    folder: Path,
    builder: str,
    sources: list[dict],
    encoders: dict[str, dict],
    counts: dict,
    parameters: dict | None = None,
    created: str | None = None,
) -> dict:
    """Writes `provenance.json` into a dataset folder.

    Args:
        folder: The dataset's folder.
        builder: String, what made the folder, e.g. `"amazon"`.
        sources: What `describe_sources` returned: raw files with digests.
        encoders: Dictionary of modality to a dictionary that says how its
            features were made.
        counts: Dictionary of counts: users, items, interactions, imputed rows
            of each modality, and what was skipped or repaired.
        parameters: Dictionary of the builder's parameters. Defaults to
            `None`, none.
        created: String, the date. Defaults to `None`, now in UTC.

    Returns:
        The dictionary that was written, with the versions of Python and of
        the packages that compute features.
    """
    if created is None:
        now = datetime.datetime.now(datetime.timezone.utc)
        created = now.isoformat(timespec="seconds")
    record = {
        "builder": builder,
        "created": created,
        "sources": sources,
        "encoders": encoders,
        "counts": counts,
        "parameters": parameters or {},
        "versions": software_versions(),
    }
    text = json.dumps(record, indent=2, ensure_ascii=False, default=str)
    with staged_file(Path(folder) / FILE_NAME) as path:
        # A file's name may hold bytes that are no UTF-8; as escapes they are
        # JSON.
        path.write_text(
            text + "\n", encoding="utf-8", errors="backslashreplace"
        )
    return record


def describe_sources(paths: Iterable[Path]) -> list[dict]:
    """Gives name, size and SHA-256 of each file.

    Args:
        paths: Iterable of paths.

    Returns:
        List of dictionaries of `file`, `bytes` and `sha256`.
    """
    return [
        {
            "file": Path(path).name,
            "bytes": Path(path).stat().st_size,
            "sha256": hash_file(path),
        }
        for path in paths
    ]


def hash_file(path: Path) -> str:
    """Computes the SHA-256 of a file.

    Args:
        path: The file, read in blocks.

    Returns:
        String in hexadecimal.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of Python and of those packages that are installed."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions

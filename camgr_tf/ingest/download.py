"""Downloads named files, verifies them, and says what to do by hand."""

import json
import os
from pathlib import Path

import pooch

from camgr_tf.ingest.provenance import hash_file
from camgr_tf.ingest.resuming_downloader import ResumingDownloader
from camgr_tf.ingest.resuming_downloader import TransferError
from camgr_tf.ingest.sources import SOURCES
from camgr_tf.ingest.sources import RemoteFile


class DownloadError(OSError):
    """A file that no address gives; the message says the manual way."""


def download_source(
    source: str,
    folder: Path,
    mirrors: dict[str, list[str]] | None = None,
    progress: bool = True,
) -> list[dict]:
    """Downloads the files of a named source.

    A file that is there already is verified and not fetched.

    Args:
        source: String, one of `camgr_tf.ingest.sources.SOURCES`.
        folder: The folder to put the files in; made if need be.
        mirrors: Optional dictionary of file name to further addresses, tried
            before the known ones. Defaults to `None`.
        progress: Boolean. Whether progress bars are shown. Defaults to
            `True`.

    Returns:
        List of dictionaries, one for each file: `file`, `bytes`, `sha256`,
        `verified` (whether the digest was known) and `fetched` (`False` for
        a file that was there).

    Raises:
        ValueError: If the source is unknown, or a file that was there is
            another one.
        DownloadError: If a file could not be fetched. Those that could are
            kept, and each that could not is named.
    """
    if source not in SOURCES:
        raise ValueError(
            f"`source` must be one of {', '.join(SOURCES)}. "
            f"Received: source={source!r}"
        )
    known = SOURCES[source]
    mirrors = mirrors or {}
    names = [file.name for file in known.files]
    unknown = sorted(set(mirrors).difference(names))
    if unknown:
        raise ValueError(
            f"`mirrors` of {source} may name {', '.join(names)}. "
            f"Received: {', '.join(unknown)}"
        )
    results, failures = [], []
    for file in known.files:
        try:
            results.append(
                download_file(
                    file,
                    folder,
                    mirrors.get(file.name, ()),
                    known.page,
                    progress,
                )
            )
        except DownloadError as error:
            failures.append(str(error))
    if failures:
        raise DownloadError("\n".join(failures))
    return results


def download_file(
    file: RemoteFile,
    folder: Path,
    mirrors=(),
    page: str = "",
    progress: bool = True,
    **options,
) -> dict:
    """Downloads one file, or verifies the one that is there.

    Args:
        file: What is known of it.
        folder: The folder to put it in; made if need be.
        mirrors: Sequence of addresses, tried before the known ones. Defaults
            to `()`.
        page: String, where a person finds the file. Defaults to `""`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.
        **options: `attempts` and `pause` of `ResumingDownloader`.

    Returns:
        Dictionary as in `download_source`.

    Raises:
        ValueError: If the file that is there is another one.
        DownloadError: If no address gives the right file.
    """
    path = Path(folder) / file.name
    if path.exists():
        return {**_verify(file, path), "fetched": False}
    failures = []
    known_hash = file.sha256 and f"sha256:{file.sha256}"
    for url in (*mirrors, *file.urls):
        downloader = ResumingDownloader(
            path, file.sha256 is not None, progress=progress, **options
        )
        try:
            pooch.retrieve(
                url, known_hash, file.name, folder, downloader=downloader
            )
        except TransferError as error:
            failures.append(f"{url}: {error}")
        except ValueError as error:
            # pooch has removed what does not match.
            failures.append(f"{url}: another file, {error}")
        else:
            return {**_verify(file, path), "fetched": True}
    raise DownloadError(_explain(file, path, failures, page))


def read_mirrors(path: Path) -> dict[str, list[str]]:
    """Reads a list of mirrors.

    Args:
        path: A JSON file, an object of file name to a list of addresses.

    Returns:
        That dictionary.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not of that form.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No list of mirrors. Expected: {path}")
    try:
        mirrors = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON. Received: {error}") from error
    is_valid = isinstance(mirrors, dict) and all(
        isinstance(urls, list)
        and all(
            isinstance(url, str) and url.startswith(("http://", "https://"))
            for url in urls
        )
        for urls in mirrors.values()
    )
    if not is_valid:
        raise ValueError(
            f"{path}: expected an object of file names to lists of http or "
            f"https addresses. Received: {mirrors!r}"
        )
    return mirrors


def _verify(file, path):
    """Size and digest of a file, if they are what is known."""
    size = os.path.getsize(path)
    if file.num_bytes not in (None, size):
        raise ValueError(
            f"{path}: expected {file.num_bytes:,} bytes. Received: {size:,} "
            "bytes. Remove it to have it fetched"
        )
    digest = hash_file(path)
    if file.sha256 not in (None, digest):
        raise ValueError(
            f"{path}: expected the SHA-256 {file.sha256}. Received: {digest}. "
            "It is another file of that name. Remove it to have it fetched"
        )
    return {
        "file": file.name,
        "bytes": size,
        "sha256": digest,
        "verified": file.sha256 is not None,
    }


def _explain(file, path, failures, page):
    size = "" if file.num_bytes is None else f", {file.num_bytes:,} bytes"
    digest = "" if file.sha256 is None else f", SHA-256 {file.sha256}"
    use = "verified" if file.sha256 else "used, its digest is not known,"
    tried = failures or ["no address is known that a program can fetch"]
    return "\n".join(
        [
            f"{file.name} could not be fetched:",
            *(f"  {line}" for line in tried),
            f"  By hand: get {file.name}{size}{digest}"
            f"{f' from {page}' if page else ''}, put it at {path}, and run "
            f"this again: it will be {use} and not fetched.",
            f"  Or name a mirror: --mirror {file.name}=ADDRESS",
        ]
    )

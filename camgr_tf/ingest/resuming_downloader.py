"""Fetches one address over HTTP, and goes on where it was cut off."""

import json
import os
import time
from pathlib import Path

import requests
import tqdm
import urllib3

_CHUNK = 1 << 18
_TIMEOUT = (10, 60)  # seconds to connect, and between two chunks


class TransferError(OSError):
    """An address that cannot be fetched now, with the reason."""


class ResumingDownloader:
    """A downloader for `pooch` that keeps and continues partial files.

    The image features of one Amazon category are several gigabytes, and
    pooch's own retries begin each of them anew.

    What has arrived is kept in `<file>.part`. After a dropped connection or
    a short body the rest is asked for by a range request, also by a later
    process. That is done only for the address that the part came from, and
    only where a mixture of two versions cannot go unnoticed: the digest of
    the whole is known, or the server vouches that its file is the same
    (`ETag` or `Last-Modified`, by `If-Range`).

    Args:
        target: The path of the final file; the partial one is beside it.
        digest_is_known: Boolean. Whether the whole will be verified.
        attempts: Positive integer. How often one address is tried. Defaults
            to `4`.
        pause: Float. Seconds before the second attempt; doubled before each
            further one. Defaults to `1.0`.
        progress: Boolean. Whether a progress bar is shown. Defaults to
            `True`.

    Raises:
        TransferError: On call, if the address cannot be fetched.
    """

    def __init__(
        self,
        target: Path,
        digest_is_known: bool,
        attempts: int = 4,
        pause: float = 1.0,
        progress: bool = True,
    ):
        self.target = Path(target)
        self.digest_is_known = digest_is_known
        self.attempts = attempts
        self.pause = pause
        self.progress = progress
        self._part = self.target.with_name(f"{self.target.name}.part")
        self._origin = self.target.with_name(f"{self.target.name}.part.json")

    def __call__(self, url, output_file, pooch):
        """Fetches `url` to `output_file`, as `pooch` asks of a downloader."""
        for attempt in range(1, self.attempts + 1):
            try:
                self._fetch(url)
                break
            except _PermanentError as error:
                raise TransferError(str(error)) from error
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                OSError,
            ) as error:
                if attempt == self.attempts:
                    raise TransferError(
                        f"{error} ({attempt} attempts{self._describe_part()})"
                    ) from error
                time.sleep(self.pause * 2 ** (attempt - 1))
        self._origin.unlink(missing_ok=True)
        os.replace(self._part, output_file)

    def _describe_part(self):
        if not self._part.exists():
            return ""
        size = self._part.stat().st_size
        return f"; {size:,} bytes are kept in {self._part.name}"

    def _fetch(self, url):
        """Fetches what is missing; raises if the body ends early."""
        # `identity`, and raw bytes below: some servers label a .gz file as
        # gzip-encoded text, and it would be stored decompressed.
        headers = {"Accept-Encoding": "identity"}
        headers |= self._range_headers(url)
        with requests.get(
            url, headers=headers, stream=True, timeout=_TIMEOUT
        ) as response:
            start = self._check_response(response)
            if start is None:
                return
            self._origin.write_text(
                json.dumps({"url": url, "validator": _validator(response)})
            )
            total = response.headers.get("Content-Length")
            total = None if total is None else start + int(total)
            with (
                open(self._part, "r+b" if start else "wb") as file,
                tqdm.tqdm(
                    total=total,
                    initial=start,
                    desc=self.target.name,
                    unit="B",
                    unit_scale=True,
                    disable=not self.progress,
                    leave=False,
                ) as bar,
            ):
                file.seek(start)
                file.truncate()
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
                    bar.update(len(chunk))
                arrived = file.tell()
        if total is not None and arrived != total:
            raise TransferError(
                f"the body ended after {arrived:,} of {total:,} bytes"
            )

    def _range_headers(self, url):
        """Headers that ask for the missing rest, or none for everything."""
        try:
            origin = json.loads(self._origin.read_text())
            size = self._part.stat().st_size
        except (OSError, ValueError):
            return {}
        if not size or origin.get("url") != url:
            return {}
        headers = {"Range": f"bytes={size}-"}
        if origin.get("validator"):
            return {**headers, "If-Range": origin["validator"]}
        return headers if self.digest_is_known else {}

    def _check_response(self, response):
        """Where the body starts in the file; `None` if nothing is missing."""
        status = response.status_code
        content_range = response.headers.get("Content-Range", "")
        if status == 416:
            size = self._part.stat().st_size
            if content_range == f"bytes */{size}":
                return None
            self._part.unlink()
            raise TransferError("HTTP 416, the partial file does not fit")
        if status >= 500 or status == 429:
            raise TransferError(f"HTTP {status} {response.reason}")
        if status not in (200, 206):
            raise _PermanentError(f"HTTP {status} {response.reason}")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise _PermanentError("the answer is a web page and not the file")
        if status == 200:
            return 0
        start = self._part.stat().st_size
        if not content_range.startswith(f"bytes {start}-"):
            self._part.unlink()
            raise TransferError(
                f"asked for bytes from {start}. Received: {content_range!r}"
            )
        return start


class _PermanentError(Exception):
    """A refusal that another attempt will not change."""


def _validator(response):
    """What identifies the server's version of the file, or `None`."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):  # a weak one, W/"...", is not for ranges
        return etag
    return response.headers.get("Last-Modified")

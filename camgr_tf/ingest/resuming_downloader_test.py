import contextlib
import hashlib
import http.server
import json
import os
import threading

import pytest

from camgr_tf.ingest.resuming_downloader import ResumingDownloader
from camgr_tf.ingest.resuming_downloader import TransferError

BODY = bytes(range(256)) * 400
DIGEST = hashlib.sha256(BODY).hexdigest()
GOOD = {"status": 200, "etag": '"v1"'}


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers request number i as `server.script[i]` says; the last stays."""

    def do_GET(self):
        server = self.server
        number = len(server.requests)
        server.requests.append(dict(self.headers))
        answer = server.script[min(number, len(server.script) - 1)]
        body, status = answer.get("body", BODY), answer["status"]
        start = 0
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range", answer.get("etag"))
        if asked and same == answer.get("etag") and answer.get("ranges", True):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            status = 206 if status == 200 else status
        if start >= len(body) > 0 and status == 206:
            status = 416
        self.send_response(status)
        if status == 206:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}"
            )
        elif status == 416:
            self.send_header("Content-Range", f"bytes */{len(body)}")
        for name in ("etag", "content-type", "content-encoding"):
            if name in answer:
                self.send_header(name, answer[name])
        body = b"" if status == 416 else body[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # `cut`: how much of the announced body is really sent.
        self.wfile.write(body[: answer.get("cut", len(body))])
        self.close_connection = True

    def log_message(self, *args):
        """Silent."""


@contextlib.contextmanager
def serve(*script):
    """Serves on 127.0.0.1; `requests` of the result holds their headers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.script, server.requests = script, []
    server.url = f"http://127.0.0.1:{server.server_port}/data.bin"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _download(url, folder, digest_is_known=True, attempts=3):
    folder.mkdir(exist_ok=True)
    downloader = ResumingDownloader(
        folder / "data.bin", digest_is_known, attempts, 0.0, progress=False
    )
    downloader(url, folder / "data.bin", None)


class TestResumingDownloader:
    def test_dropped_connection_is_resumed(self, tmp_path):
        with serve({**GOOD, "cut": 70_000}, GOOD) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == BODY
        assert os.listdir(tmp_path) == ["data.bin"]
        assert "Range" not in server.requests[0]
        assert server.requests[1]["Range"] == "bytes=70000-"
        assert server.requests[1]["If-Range"] == '"v1"'

    def test_a_later_process_resumes(self, tmp_path):
        with serve({**GOOD, "cut": 70_000}, {"status": 503}, GOOD) as server:
            with pytest.raises(TransferError, match="HTTP 503 .*2 attempts"):
                _download(server.url, tmp_path, attempts=2)
            assert (tmp_path / "data.bin.part").stat().st_size == 70_000
            assert not (tmp_path / "data.bin").exists()
            _download(server.url, tmp_path, attempts=1)
        assert server.requests[2]["Range"] == "bytes=70000-"
        assert (tmp_path / "data.bin").read_bytes() == BODY

    def test_changed_file_is_not_mixed(self, tmp_path):
        new = {"status": 200, "etag": '"v2"', "body": b"new" * 50_000}
        with serve({**GOOD, "cut": 70_000}, new) as server:
            _download(server.url, tmp_path, digest_is_known=False)
        assert (tmp_path / "data.bin").read_bytes() == new["body"]

    def test_without_validator_only_a_known_digest_is_resumed(self, tmp_path):
        cut = {"status": 200, "cut": 70_000}
        for known in (False, True):
            folder = tmp_path / str(known)
            with serve(cut, {"status": 200}) as server:
                _download(server.url, folder, known)
            assert ("Range" in server.requests[1]) is known
            assert (folder / "data.bin").read_bytes() == BODY

    @pytest.mark.parametrize("etag", ['W/"v1"', "v1"])
    def test_a_weak_etag_vouches_for_nothing(self, tmp_path, etag):
        weak = {"status": 200, "etag": etag}
        with serve({**weak, "cut": 70_000}, weak) as server:
            _download(server.url, tmp_path, digest_is_known=False)
        assert "Range" not in server.requests[1]
        assert "If-Range" not in server.requests[1]
        assert (tmp_path / "data.bin").read_bytes() == BODY

    def test_server_that_ignores_ranges(self, tmp_path):
        whole = {**GOOD, "ranges": False}
        with serve({**GOOD, "cut": 70_000}, whole) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == BODY

    def test_part_that_is_complete_already(self, tmp_path):
        (tmp_path / "data.bin.part").write_bytes(BODY)
        with serve(GOOD) as server:
            (tmp_path / "data.bin.part.json").write_text(
                json.dumps({"url": server.url, "validator": '"v1"'})
            )
            _download(server.url, tmp_path)
        assert len(server.requests) == 1
        assert os.listdir(tmp_path) == ["data.bin"]

    def test_part_that_is_too_long_is_fetched_anew(self, tmp_path):
        (tmp_path / "data.bin.part").write_bytes(BODY + b"more")
        with serve(GOOD) as server:
            (tmp_path / "data.bin.part.json").write_text(
                json.dumps({"url": server.url, "validator": '"v1"'})
            )
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == BODY

    def test_gz_labeled_as_encoding_is_stored_as_it_is(self, tmp_path):
        # `BODY` is no gzip: decoding it would fail.
        labeled = {**GOOD, "content-encoding": "x-gzip"}
        with serve(labeled) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == BODY

import contextlib
import hashlib
import http.server
import json
import os
import threading

import pytest

from camgr_tf.data import download
from camgr_tf.data.sources import RemoteFile
from camgr_tf.data.sources import Source

_BODY = bytes(range(256)) * 400
_DIGEST = hashlib.sha256(_BODY).hexdigest()
_GOOD = {"status": 200, "etag": '"v1"'}


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers request number i as `server.script[i]` says; the last stays."""

    def do_GET(self):
        server = self.server
        number = len(server.requests)
        server.requests.append(dict(self.headers))
        answer = server.script[min(number, len(server.script) - 1)]
        body, status = answer.get("body", _BODY), answer["status"]
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
def _serve(*script):
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


def _download(url, folder, digest=_DIGEST, **options):
    urls = [url] if isinstance(url, str) else url
    file = RemoteFile("data.bin", tuple(urls), None, digest)
    options = {"attempts": 3, "pause": 0.0, "progress": False, **options}
    return download.download_file(file, folder, **options)


class TestDownloadFile:
    def test_good(self, tmp_path, capsys):
        with _serve(_GOOD) as server:
            result = _download(server.url, tmp_path / "new", progress=True)
        assert result == {
            "file": "data.bin",
            "bytes": len(_BODY),
            "sha256": _DIGEST,
            "verified": True,
            "fetched": True,
        }
        assert os.listdir(tmp_path / "new") == ["data.bin"]
        assert (tmp_path / "new" / "data.bin").read_bytes() == _BODY
        assert "data.bin" in capsys.readouterr().err

    def test_file_placed_by_hand_is_verified_and_not_fetched(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(_BODY)
        with _serve(_GOOD) as server:
            result = _download(server.url, tmp_path)
        assert result["verified"] and not result["fetched"]
        assert server.requests == []

    def test_other_file_placed_by_hand_is_an_error_and_kept(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(b"other")
        with _serve(_GOOD) as server:
            with pytest.raises(ValueError) as error:
                _download(server.url, tmp_path)
        assert f"data.bin: expected the SHA-256 {_DIGEST}. Received:" in str(
            error.value
        )
        assert (tmp_path / "data.bin").read_bytes() == b"other"
        assert server.requests == []

    def test_wrong_size_placed_by_hand(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(b"other")
        file = RemoteFile("data.bin", (), 1234, None)
        with pytest.raises(ValueError, match="1,234 bytes. Received: 5 bytes"):
            download.download_file(file, tmp_path)

    def test_dropped_connection_is_resumed(self, tmp_path):
        with _serve({**_GOOD, "cut": 70_000}, _GOOD) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == _BODY
        assert os.listdir(tmp_path) == ["data.bin"]
        assert "Range" not in server.requests[0]
        assert server.requests[1]["Range"] == "bytes=70000-"
        assert server.requests[1]["If-Range"] == '"v1"'

    def test_a_later_process_resumes(self, tmp_path):
        with _serve({**_GOOD, "cut": 70_000}, {"status": 503}, _GOOD) as server:
            with pytest.raises(download.DownloadError, match="HTTP 503"):
                _download(server.url, tmp_path, attempts=2)
            assert (tmp_path / "data.bin.part").stat().st_size == 70_000
            assert not (tmp_path / "data.bin").exists()
            _download(server.url, tmp_path, attempts=1)
        assert server.requests[2]["Range"] == "bytes=70000-"
        assert (tmp_path / "data.bin").read_bytes() == _BODY

    def test_changed_file_is_not_mixed(self, tmp_path):
        new = {"status": 200, "etag": '"v2"', "body": b"new" * 50_000}
        with _serve({**_GOOD, "cut": 70_000}, new) as server:
            _download(server.url, tmp_path, digest=None)
        assert (tmp_path / "data.bin").read_bytes() == new["body"]

    def test_without_validator_only_a_known_digest_is_resumed(self, tmp_path):
        cut = {"status": 200, "cut": 70_000}
        for digest, want in ((None, False), (_DIGEST, True)):
            folder = tmp_path / str(digest)
            with _serve(cut, {"status": 200}) as server:
                _download(server.url, folder, digest)
            assert ("Range" in server.requests[1]) is want
            assert (folder / "data.bin").read_bytes() == _BODY

    def test_server_that_ignores_ranges(self, tmp_path):
        whole = {**_GOOD, "ranges": False}
        with _serve({**_GOOD, "cut": 70_000}, whole) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == _BODY

    def test_part_that_is_complete_already(self, tmp_path):
        (tmp_path / "data.bin.part").write_bytes(_BODY)
        with _serve(_GOOD) as server:
            (tmp_path / "data.bin.part.json").write_text(
                json.dumps({"url": server.url, "validator": '"v1"'})
            )
            _download(server.url, tmp_path)
        assert len(server.requests) == 1
        assert os.listdir(tmp_path) == ["data.bin"]

    def test_part_that_is_too_long_is_fetched_anew(self, tmp_path):
        (tmp_path / "data.bin.part").write_bytes(_BODY + b"more")
        with _serve(_GOOD) as server:
            (tmp_path / "data.bin.part.json").write_text(
                json.dumps({"url": server.url, "validator": '"v1"'})
            )
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == _BODY

    def test_body_that_is_always_truncated(self, tmp_path):
        cut = {**_GOOD, "cut": 70_000, "ranges": False}
        with _serve(cut) as server:
            with pytest.raises(download.DownloadError) as error:
                _download(server.url, tmp_path)
        assert len(server.requests) == 3
        assert "3 attempts" in str(error.value)
        assert not (tmp_path / "data.bin").exists()

    def test_wrong_digest_tries_the_next_address(self, tmp_path):
        wrong = {"status": 200, "body": b"wrong"}
        with _serve(wrong) as bad, _serve(_GOOD) as good:
            _download([bad.url, good.url], tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == _BODY

    def test_wrong_digest_leaves_nothing(self, tmp_path):
        with _serve({"status": 200, "body": b"wrong"}) as server:
            with pytest.raises(download.DownloadError) as error:
                _download(server.url, tmp_path, page="http://127.0.0.1/page")
        message = str(error.value)
        assert f"{server.url}: another file, SHA256 hash of" in message
        assert (
            f"By hand: get data.bin, SHA-256 {_DIGEST} from http://127.0.0.1"
            f"/page, put it at {tmp_path}/data.bin, and run this again"
        ) in message
        assert "--mirror data.bin=ADDRESS" in message
        assert os.listdir(tmp_path) == []
        assert len(server.requests) == 1

    def test_404_is_not_tried_again(self, tmp_path):
        with _serve({"status": 404}) as server:
            with pytest.raises(download.DownloadError, match="HTTP 404 Not Fo"):
                _download(server.url, tmp_path)
        assert len(server.requests) == 1

    def test_no_server(self, tmp_path):
        with _serve(_GOOD) as server:
            url = server.url
        with pytest.raises(download.DownloadError, match="refused"):
            _download(url, tmp_path)

    def test_mirror_comes_first(self, tmp_path):
        with _serve(_GOOD) as known, _serve(_GOOD) as mirror:
            _download(known.url, tmp_path, mirrors=[mirror.url])
        assert len(mirror.requests) == 1 and known.requests == []

    def test_a_web_page_in_place_of_the_file(self, tmp_path):
        page = {"status": 200, "content-type": "text/html; charset=utf-8"}
        with _serve(page) as server:
            with pytest.raises(download.DownloadError, match="is a web page"):
                _download(server.url, tmp_path, digest=None)

    def test_gz_labeled_as_encoding_is_stored_as_it_is(self, tmp_path):
        # `_BODY` is no gzip: decoding it would fail.
        labeled = {**_GOOD, "content-encoding": "x-gzip"}
        with _serve(labeled) as server:
            _download(server.url, tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == _BODY

    def test_unknown_digest_is_reported(self, tmp_path):
        with _serve(_GOOD) as server:
            result = _download(server.url, tmp_path, digest=None)
        assert result["sha256"] == _DIGEST and not result["verified"]


class TestDownloadSource:
    @pytest.fixture
    def server(self, monkeypatch):
        with _serve(_GOOD) as server:
            files = (
                RemoteFile("a.bin", (server.url,), len(_BODY), _DIGEST),
                RemoteFile("b.bin"),
            )
            monkeypatch.setitem(
                download.SOURCES, "toy", Source("http://127.0.0.1/", files)
            )
            yield server

    def test_the_other_files_are_fetched_and_the_missing_named(
        self, server, tmp_path
    ):
        with pytest.raises(download.DownloadError) as error:
            download.download_source("toy", tmp_path, progress=False)
        assert str(error.value).startswith(
            "b.bin could not be fetched:\n  no address is known"
        )
        assert os.listdir(tmp_path) == ["a.bin"]

    def test_manual_way(self, server, tmp_path):
        (tmp_path / "b.bin").write_bytes(b"abc")
        results = download.download_source("toy", tmp_path, progress=False)
        assert [r["fetched"] for r in results] == [True, False]
        assert [r["verified"] for r in results] == [True, False]

    def test_mirrors(self, server, tmp_path):
        download.download_source(
            "toy", tmp_path, {"b.bin": [server.url]}, progress=False
        )
        assert (tmp_path / "b.bin").read_bytes() == _BODY

    def test_mirror_of_an_unknown_file(self, tmp_path):
        with pytest.raises(ValueError, match="Received: c.bin"):
            download.download_source("mmrec-baby", tmp_path, {"c.bin": []})

    def test_unknown_source(self, tmp_path):
        with pytest.raises(ValueError, match="amazon-baby, .*source='babies'"):
            download.download_source("babies", tmp_path)


class TestReadMirrors:
    def test_good(self, tmp_path):
        path = tmp_path / "mirrors.json"
        path.write_text('{"a.bin": ["https://example.org/a.bin"]}')
        assert download.read_mirrors(path) == {
            "a.bin": ["https://example.org/a.bin"]
        }

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "expected JSON"),
            ('["http://a"]', "expected an object of file names"),
            ('{"a": "http://a"}', "expected an object of file names"),
            ('{"a": ["ftp://a"]}', "expected an object of file names"),
        ],
    )
    def test_bad(self, tmp_path, text, message):
        path = tmp_path / "mirrors.json"
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            download.read_mirrors(path)

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="No list of mirrors"):
            download.read_mirrors(tmp_path / "none.json")

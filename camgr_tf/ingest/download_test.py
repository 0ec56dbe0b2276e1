import os

import pytest

from camgr_tf.ingest import download
from camgr_tf.ingest.resuming_downloader_test import BODY
from camgr_tf.ingest.resuming_downloader_test import DIGEST
from camgr_tf.ingest.resuming_downloader_test import GOOD
from camgr_tf.ingest.resuming_downloader_test import serve
from camgr_tf.ingest.sources import RemoteFile
from camgr_tf.ingest.sources import Source


def _download(url, folder, digest=DIGEST, **options):
    urls = [url] if isinstance(url, str) else url
    file = RemoteFile("data.bin", tuple(urls), None, digest)
    options = {"attempts": 3, "pause": 0.0, "progress": False, **options}
    return download.download_file(file, folder, **options)


class TestDownloadFile:
    def test_good(self, tmp_path, capsys):
        with serve(GOOD) as server:
            result = _download(server.url, tmp_path / "new", progress=True)
        assert result == {
            "file": "data.bin",
            "bytes": len(BODY),
            "sha256": DIGEST,
            "verified": True,
            "fetched": True,
        }
        assert os.listdir(tmp_path / "new") == ["data.bin"]
        assert (tmp_path / "new" / "data.bin").read_bytes() == BODY
        assert "data.bin" in capsys.readouterr().err

    def test_file_placed_by_hand_is_verified_and_not_fetched(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(BODY)
        with serve(GOOD) as server:
            result = _download(server.url, tmp_path)
        assert result["verified"] and not result["fetched"]
        assert server.requests == []

    def test_other_file_placed_by_hand_is_an_error_and_kept(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(b"other")
        with serve(GOOD) as server:
            with pytest.raises(ValueError) as error:
                _download(server.url, tmp_path)
        assert f"data.bin: expected the SHA-256 {DIGEST}. Received:" in str(
            error.value
        )
        assert (tmp_path / "data.bin").read_bytes() == b"other"
        assert server.requests == []

    def test_wrong_size_placed_by_hand(self, tmp_path):
        (tmp_path / "data.bin").write_bytes(b"other")
        file = RemoteFile("data.bin", (), 1234, None)
        with pytest.raises(ValueError, match="1,234 bytes. Received: 5 bytes"):
            download.download_file(file, tmp_path)

    def test_body_that_is_always_truncated(self, tmp_path):
        cut = {**GOOD, "cut": 70_000, "ranges": False}
        with serve(cut) as server:
            with pytest.raises(download.DownloadError) as error:
                _download(server.url, tmp_path)
        assert len(server.requests) == 3
        assert "3 attempts; 70,000 bytes are kept in data.bin.part" in str(
            error.value
        )
        assert not (tmp_path / "data.bin").exists()

    def test_wrong_digest_tries_the_next_address(self, tmp_path):
        wrong = {"status": 200, "body": b"wrong"}
        with serve(wrong) as bad, serve(GOOD) as good:
            _download([bad.url, good.url], tmp_path)
        assert (tmp_path / "data.bin").read_bytes() == BODY

    def test_wrong_digest_leaves_nothing(self, tmp_path):
        with serve({"status": 200, "body": b"wrong"}) as server:
            with pytest.raises(download.DownloadError) as error:
                _download(server.url, tmp_path, page="http://127.0.0.1/page")
        message = str(error.value)
        assert f"{server.url}: another file, SHA256 hash of" in message
        assert (
            f"By hand: get data.bin, SHA-256 {DIGEST} from http://127.0.0.1"
            f"/page, put it at {tmp_path}/data.bin, and run this again: it "
            "will be verified and not fetched."
        ) in message
        assert "--mirror data.bin=ADDRESS" in message
        assert os.listdir(tmp_path) == []
        assert len(server.requests) == 1

    def test_404_is_not_tried_again(self, tmp_path):
        with serve({"status": 404}) as server:
            with pytest.raises(download.DownloadError, match="HTTP 404 Not Fo"):
                _download(server.url, tmp_path)
        assert len(server.requests) == 1

    def test_no_server(self, tmp_path):
        with serve(GOOD) as server:
            url = server.url
        with pytest.raises(
            download.DownloadError, match=r"refused.*\(3 attempts\)"
        ):
            _download(url, tmp_path)

    def test_mirror_comes_first(self, tmp_path):
        with serve(GOOD) as known, serve(GOOD) as mirror:
            _download(known.url, tmp_path, mirrors=[mirror.url])
        assert len(mirror.requests) == 1 and known.requests == []

    def test_a_web_page_in_place_of_the_file(self, tmp_path):
        page = {"status": 200, "content-type": "text/html; charset=utf-8"}
        with serve(page) as server:
            with pytest.raises(download.DownloadError, match="is a web page"):
                _download(server.url, tmp_path, digest=None)

    def test_unknown_digest_is_reported(self, tmp_path):
        with serve(GOOD) as server:
            result = _download(server.url, tmp_path, digest=None)
        assert result["sha256"] == DIGEST and not result["verified"]


class TestDownloadSource:
    @pytest.fixture
    def server(self, monkeypatch):
        with serve(GOOD) as server:
            files = (
                RemoteFile("a.bin", (server.url,), len(BODY), DIGEST),
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
        message = str(error.value)
        assert message.startswith(
            "b.bin could not be fetched:\n  no address is known"
        )
        assert "it will be used, its digest is not known, and not" in message
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
        assert (tmp_path / "b.bin").read_bytes() == BODY

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
            ("[" * 100_000, "expected JSON"),
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

import json
import os
import platform

import numpy as np

from camgr_tf.ingest import provenance


class TestDescribeSources:
    def test_digest_of_known_content(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_bytes(b"abc")
        # The SHA-256 of "abc", FIPS 180-2, appendix B.1.
        assert provenance.describe_sources([path]) == [
            {
                "file": "a.txt",
                "bytes": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223"
                "b00361a396177a9cb410ff61f20015ad",
            }
        ]


class TestWriteProvenance:
    def test_file_holds_what_is_returned(self, tmp_path):
        record = provenance.write_provenance(
            tmp_path,
            builder="test",
            sources=[],
            encoders={"image": {"encoder": "color_shape"}},
            counts={"items": 3, "imputed": {"image": 1}},
            created="2026-01-02",
        )
        assert os.listdir(tmp_path) == ["provenance.json"]
        assert json.loads((tmp_path / "provenance.json").read_text()) == record
        assert record["builder"] == "test"
        assert record["created"] == "2026-01-02"
        assert record["counts"]["imputed"] == {"image": 1}
        assert record["parameters"] == {}
        assert record["versions"]["python"] == platform.python_version()
        assert record["versions"]["numpy"] == np.__version__

    def test_a_name_that_is_no_utf_8(self, tmp_path):
        path = tmp_path / os.fsdecode(b"caf\xe9.csv")
        path.write_bytes(b"abc")
        sources = provenance.describe_sources([path])
        path.unlink()
        record = provenance.write_provenance(tmp_path, "test", sources, {}, {})
        text = (tmp_path / "provenance.json").read_text(encoding="utf-8")
        assert "caf\\udce9.csv" in text
        assert json.loads(text) == record

    def test_date_is_now_in_utc(self, tmp_path):
        record = provenance.write_provenance(tmp_path, "test", [], {}, {})
        assert record["created"].endswith("+00:00")

import json
import runpy
import sys

import pytest

from camgr_tf.data.dataset import load_dataset
from camgr_tf.ingest import build
from camgr_tf.ingest.amazon_test import write_raw_files
from camgr_tf.ingest.catalog_builder_test import write_catalog_files
from camgr_tf.ingest.sources import SOURCES


class TestMain:
    def test_amazon(self, tmp_path, capsys):
        write_raw_files(tmp_path / "raw", "Toys")
        status = build.main(
            ["amazon", "--category", "Toys", "--root", str(tmp_path)]
            + ["--text-dim", "8", "--split-seed", "3"]
        )
        output = capsys.readouterr()
        assert status == 0
        assert output.out.startswith(f"{tmp_path / 'toys'}\n")
        assert '"interactions": 120' in output.out
        assert "warning: 1 of 20 texts have no embedding" in output.err
        dataset = load_dataset("toys", tmp_path)
        assert dataset.features["text"].shape == (20, 8)
        assert dataset.provenance["parameters"]["split_seed"] == 3

    def test_names_of_the_papers_categories(self, tmp_path, capsys):
        write_raw_files(tmp_path / "files", "Sports_and_Outdoors")
        status = build.main(
            ["amazon", "--category", "Sports_and_Outdoors", "--no-images"]
            + ["--root", str(tmp_path), "--raw", str(tmp_path / "files")]
            + ["--text-dim", "4"]
        )
        assert status == 0
        assert (tmp_path / "sports" / "sports.inter").is_file()
        assert "warning: Sports_and_Outdoors: the paper's Table 1 has" in (
            capsys.readouterr().err
        )

    @pytest.mark.parametrize("command", ["catalog", "catalogue"])
    def test_catalog_and_environment(
        self, tmp_path, capsys, monkeypatch, command
    ):
        interactions, _ = write_catalog_files(tmp_path / "mine")
        interactions.rename(columns={"user": "customer"}).to_parquet(
            tmp_path / "mine" / "interactions.parquet"
        )
        monkeypatch.setenv("CAMGR_DATA", str(tmp_path))
        status = build.main(
            [command, "--name", "shop", "--column", "user=customer"]
            + ["--interactions", f"{tmp_path}/mine/interactions.parquet"]
            + ["--items", f"{tmp_path}/mine/items.csv", "--text-dim", "4"]
            + ["--image-encoder", "color_shape", "--split", "temporal_user"]
        )
        output = capsys.readouterr()
        assert status == 0, output.err
        assert "warning: Pictures: 10 read; 1 unreadable" in output.err
        dataset = load_dataset("shop")
        assert dataset.folder == tmp_path / "shop"
        assert dataset.provenance["parameters"]["split"] == "temporal_user"

    def test_download_of_what_is_there(self, tmp_path, capsys):
        names = SOURCES["amazon-baby"].files
        (tmp_path / "raw").mkdir()
        for file in names:
            (tmp_path / "raw" / file.name).write_bytes(b"abc")
        status = build.main(
            ["download", "amazon-baby", "--root", str(tmp_path)]
        )
        output = capsys.readouterr().out
        assert status == 0
        assert "reviews_Baby_5.json.gz: was there, no digest is known" in output
        assert "SHA-256 ba7816bf8f01cfea" in output

    def test_download_by_hand(self, tmp_path, capsys):
        status = build.main(["download", "mmrec-baby", "--root", str(tmp_path)])
        error = capsys.readouterr().err
        assert status == 1
        assert error.startswith("error: baby.inter could not be fetched:")
        assert "4,523,032 bytes, SHA-256 9ef5de9a" in error
        assert f"put it at {tmp_path}/baby/baby.inter" in error

    def test_mirrors(self, tmp_path, capsys, monkeypatch):
        seen = {}

        def download_source(source, folder, mirrors):
            seen.update(source=source, folder=folder, mirrors=mirrors)
            return []

        monkeypatch.setattr(build, "download_source", download_source)
        path = tmp_path / "mirrors.json"
        path.write_text(json.dumps({"a": ["http://1"], "b": ["http://2"]}))
        build.main(
            ["download", "mmrec-sports", "--root", str(tmp_path)]
            + ["--mirrors", str(path), "--mirror", "a=http://3"]
        )
        assert seen == {
            "source": "mmrec-sports",
            "folder": tmp_path / "sports",
            "mirrors": {"a": ["http://3", "http://1"], "b": ["http://2"]},
        }

    def test_error_is_one_message(self, tmp_path, capsys):
        status = build.main(
            ["amazon", "--category", "Toys", "--root", str(tmp_path)]
        )
        assert status == 1
        assert capsys.readouterr().err.startswith(
            f"error: {tmp_path}/raw lacks reviews_Toys_5.json.gz, "
        )

    @pytest.mark.filterwarnings("ignore:.*found in sys.modules")
    def test_as_a_program(self, capsys, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["build", "amazon", "--help"])
        with pytest.raises(SystemExit) as exit_status:
            runpy.run_module("camgr_tf.ingest.build", run_name="__main__")
        assert exit_status.value.code == 0
        assert "--category" in capsys.readouterr().out

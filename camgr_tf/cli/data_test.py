import json

import numpy as np
import pytest

from camgr_tf.cli import main
from camgr_tf.data.dataset import load_dataset
from camgr_tf.graphs import semantic
from camgr_tf.ingest import demo
from camgr_tf.ingest import download
from camgr_tf.ingest.amazon_test import write_raw_files
from camgr_tf.ingest.catalog_builder_test import write_catalog_files
from camgr_tf.ingest.sources import SOURCES
from camgr_tf.models import CAmgr


def test_amazon(tmp_path, capsys):
    write_raw_files(tmp_path / "raw", "Toys")
    words = "data amazon --category Toys --text-dim 8 --split-seed 3"
    assert main([*words.split(), "--data-root", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{tmp_path / 'toys'}\n")
    assert '"interactions": 120' in shown.out
    assert "data amazon: warning: 1 of 20 texts have no" in shown.err
    dataset = load_dataset("toys", tmp_path)
    assert dataset.features["text"].shape == (20, 8)
    assert dataset.provenance["parameters"]["split_seed"] == 3


def test_names_of_the_papers_categories(tmp_path, capsys):
    write_raw_files(tmp_path / "files", "Sports_and_Outdoors")
    words = "data amazon --category Sports_and_Outdoors --no-images"
    roots = ["--data-root", str(tmp_path), "--raw", str(tmp_path / "files")]
    assert main([*words.split(), *roots, "--text-dim", "4"]) == 0
    assert (tmp_path / "sports" / "sports.inter").is_file()
    error = capsys.readouterr().err
    assert "warning: Sports_and_Outdoors: the paper's Table 1 has" in error


def test_catalog_and_environment(tmp_path, capsys, monkeypatch):
    interactions, _ = write_catalog_files(tmp_path / "mine")
    interactions.rename(columns={"user": "customer"}).to_parquet(
        tmp_path / "mine" / "interactions.parquet"
    )
    monkeypatch.setenv("CAMGR_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path / "mine")
    words = """data catalog --name shop --column user=customer
        --interactions interactions.parquet --items items.csv --text-dim 4
        --image-encoder color_shape --split temporal_user"""
    assert main(words.split()) == 0
    error = capsys.readouterr().err
    assert "catalog: warning: Pictures: 10 read; 1 unreadable" in error
    dataset = load_dataset("shop")
    assert dataset.folder == tmp_path / "shop"
    assert dataset.provenance["parameters"]["split"] == "temporal_user"
    # What is there is refused at once, and described.
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}/shop exists. Give --overwrite to" in error
    assert main(["data", "describe", "shop"]) == 0
    shown = capsys.readouterr().out
    assert "text          width 4" in shown
    assert dataset.content_hash in shown


def test_demo_is_made_once(tmp_path, capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(demo, "make_demo", lambda *given: calls.append(given))
    words = ["data", "demo", "--data-root", str(tmp_path)]
    assert main(words) == 0
    assert calls == [(tmp_path / "demo", False)]
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo.inter").write_text("")
    assert main(words) == 0
    assert "is there" in capsys.readouterr().out.replace("already", "is there")
    assert main([*words, "--overwrite"]) == 0
    assert calls[1:] == [(tmp_path / "demo", True)]


def test_demo_replaces_nothing_else(tmp_path, capsys):
    (tmp_path / "demo").mkdir()
    assert main(["data", "demo", "--data-root", str(tmp_path)]) == 2
    assert f"{tmp_path}/demo exists" in capsys.readouterr().err


def test_download_of_what_is_there(tmp_path, capsys):
    (tmp_path / "raw").mkdir()
    for file in SOURCES["amazon-baby"].files:
        (tmp_path / "raw" / file.name).write_bytes(b"abc")
    words = ["data", "download", "amazon-baby", "--data-root", str(tmp_path)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "reviews_Baby_5.json.gz: was there, no digest is known" in shown
    assert "SHA-256 ba7816bf8f01cfea" in shown


def test_download_by_hand(tmp_path, capsys):
    words = ["data", "download", "mmrec-baby", "--data-root", str(tmp_path)]
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "error: baby.inter could not be fetched:" in line
    assert f"put it at {tmp_path}/baby/baby.inter" in line


def test_mirrors(tmp_path, monkeypatch):
    seen = {}

    def download_source(source, folder, mirrors):
        seen.update(source=source, folder=folder, mirrors=mirrors)
        return []

    monkeypatch.setattr(download, "download_source", download_source)
    path = tmp_path / "mirrors.json"
    path.write_text(json.dumps({"a": ["http://1"], "b": ["http://2"]}))
    words = ["data", "download", "mmrec-sports", "--data-root", str(tmp_path)]
    main([*words, "--mirrors", str(path), "--mirror", "a=http://3?c=d"])
    assert seen == {
        "source": "mmrec-sports",
        "folder": tmp_path / "sports",
        "mirrors": {"a": ["http://3?c=d", "http://1"], "b": ["http://2"]},
    }


@pytest.mark.parametrize(
    "words, message",
    [
        ("amazon --category Toys", "raw lacks reviews_Toys_5.json.gz"),
        ("describe nowhere", "No dataset 'nowhere'"),
        ("describe a/b", "not a path. Received: dataset='a/b'"),
        ("download mmrec-baby --mirrors none.json", "none.json"),
        ("download mmrec-baby --mirror x=y", "may name baby.inter"),
        (
            "catalog --name a --interactions none.csv --items none.csv",
            "none.csv",
        ),
    ],
)
def test_a_mistake_is_one_line(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    group, *_ = words.split()
    assert main(["data", *words.split(), "--data-root", "data"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"camgr data {group}: error: ")
    assert message in line
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    words = ["data", "demo", "--data-root", str(tmp_path / "file")]
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}/file" in line


def test_describe_counts_items_without_a_modality(small_root, capsys):
    words = ["data", "describe", "small", "--data-root", str(small_root)]
    assert main(words) == 0
    shown = capsys.readouterr().out.splitlines()
    rows = np.loadtxt(small_root / "small" / "small.inter", skiprows=1)
    assert f"interactions  {len(rows)}" in shown
    assert "image         width 6, 1 items without" in shown
    assert "text          width 5" in shown


def test_training_finds_the_neighbors(
    small_root, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("CAMGR_CACHE", str(tmp_path))
    words = "data neighbors small --num-neighbors 4 --shards 3".split()
    words += ["--data-root", str(small_root)]
    assert main(words) == 0
    shown = capsys.readouterr().out.splitlines()
    paths = {line.partition(": ")[0]: line.partition(": ")[2] for line in shown}
    assert list(paths) == ["image", "text"]
    assert sorted(map(str, tmp_path.iterdir())) == sorted(paths.values())
    assert main(words) == 0
    assert capsys.readouterr().out.count(", as before\n") == 2
    monkeypatch.setattr(semantic, "nearest_neighbors", None)
    CAmgr(load_dataset("small", small_root), num_neighbors=4)
    with pytest.raises(TypeError):
        CAmgr(load_dataset("small", small_root), num_neighbors=3)


def test_neighbors_are_kept_or_refused(small_root, capsys, monkeypatch):
    words = ["data", "neighbors", "small", "--data-root", str(small_root)]
    monkeypatch.setenv("CAMGR_CACHE", "")
    assert main(words) == 2
    assert "the cache, which is off. Set CAMGR_" in capsys.readouterr().err
    assert main([*words, "--address", "auto"]) == 2
    assert "`address` is for executor='ray'" in capsys.readouterr().err

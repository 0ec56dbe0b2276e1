"""The commands that make or take runs, on the dataset `small`."""

import json
import shutil
import socket

import numpy as np
import pandas as pd
import pytest

from camgr_tf.cli import main
from camgr_tf.serving.recommender import load
from camgr_tf.training import ray_training
from camgr_tf.training import runs
from camgr_tf.training.run_claim import RunInUseError


@pytest.fixture
def roots(small_root, tmp_path):
    """The options of both folders."""
    return ["--data-root", str(small_root), "--output-root", str(tmp_path)]


def _train(roots, *words):
    sizes = "-p embedding_dim 8 -p max_epochs 2 -p batch_size 64"
    words = ["train", *words, "--dataset", "small", *sizes.split()]
    return main([*words, *roots, "--quiet"])


def test_train_prints_metrics_and_folder(roots, tmp_path, capsys):
    words = ["mf", "-p", "l2_weight", "1e-3", "-p", "preset", "None"]
    assert _train(roots, *words) == 0
    shown = capsys.readouterr().out
    (folder,) = tmp_path.glob("small-mf-*")
    assert shown.splitlines()[-1] == str(folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["parameters"]["l2_weight"] == 0.001
    test = json.loads((folder / "metrics.json").read_text())["test"]
    numbers = shown[shown.index("\ntest") :].split()[1:5]
    names = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")
    assert numbers == [f"{test[name]:.4f}" for name in names]
    # The second time it is there.
    assert _train(roots, *words) == 0
    assert f"{folder} (from before" in capsys.readouterr().out


def test_train_shows_all_parameters_and_trains_nothing(roots, tmp_path, capsys):
    assert _train(roots, "vbpr", "--show", "-p", "modalities", "[text]") == 0
    shown = dict(
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()
    )
    assert shown["modalities"] == "['text']"
    assert shown["embedding_dim"] == "8" and shown["split"] == "file"
    assert shown["folder"].startswith(f"{tmp_path}/small-vbpr-seed0-")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words, message",
    [
        ("mgnc", "(did you mean 'mgcn' or"),
        ("MF", "(did you mean 'mf'"),
        ("mf -p max_epoch 3", "parameter max_epoch (did you mean 'max_epochs'"),
        ("mf -p l2_weight -1e-3", "`l2_weight` must be a number, 0 or more"),
        ("mf -p modalities ,", "must name at least one modality"),
        ("no.such:Model", "There is no module 'no'"),
        ("mf -p num_layers 3", "no parameter num_layers"),
        ("mf -p seed -1", "`seed` must be an integer, 0 or more"),
        ("mf -p mask_validation no", "`mask_validation` must be True or"),
        ("mf -p learning_rate fast", "`learning_rate` must be a number"),
        ("mf -p model vbpr", "`model` is given twice"),
        ("mf -p seed 1 -p seed 2", "-p seed is given twice"),
        ("mf -p modalities [a,b", "-p modalities: expected a list"),
        ("mf -p modalities audio", "audio_feat.npy"),
        ("mf -p preset paper", "Model 'mf' has no presets"),
        ("mf -p split odd", "odd"),
        ("camgr --gpus-per-worker 0", "is an option of --workers, of two"),
    ],
)
def test_train_refuses(roots, words, message, tmp_path, capsys):
    assert _train(roots, *words.split()) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("camgr train: error: ") and message in line
    assert shown.out == ""
    assert not list(tmp_path.glob("*/*.npz"))


def test_train_names_a_dataset_that_is_not_there(roots, capsys):
    assert main(["train", "mf", "--dataset", "2018", *roots]) == 2
    assert "No dataset '2018'." in capsys.readouterr().err


def test_train_into_a_place_that_is_a_file(small_root, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    roots = ["--data-root", str(small_root)]
    roots += ["--output-root", str(tmp_path / "file")]
    assert _train(roots, "mf") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}/file/" in line


def test_train_names_the_process_that_trains_the_same(
    roots, monkeypatch, capsys
):
    def refuse(config, **_):
        raise RunInUseError("x is being trained by process 1")

    monkeypatch.setattr(runs, "train", refuse)
    assert _train(roots, "mf") == 2
    assert "x is being trained by process 1" in capsys.readouterr().err


def test_train_on_workers_gives_each_what_is_asked_for(
    roots, monkeypatch, capsys
):
    def refuse(config, num_workers, **options):
        assert num_workers == 3
        assert options["cpus_per_worker"] == 2
        assert options["gpus_per_worker"] == 0.0
        raise RunInUseError("x is being trained by process 1")

    monkeypatch.setattr(ray_training, "train_on_ray", refuse)
    words = "camgr --workers 3 --cpus-per-worker 2 --gpus-per-worker 0"
    assert _train(roots, *words.split()) == 2
    assert "x is being trained by process 1" in capsys.readouterr().err


def test_recommend_prints_the_lists_of_the_library(small_run, capsys):
    folder = small_run("mf")
    expected = load(folder).recommend(["user03", "user00"], 3)
    words = ["recommend", str(folder), "user03", "-k", "3", "user00"]
    assert main([*words, "--format", "csv"]) == 0
    table = pd.read_csv(pd.io.common.StringIO(capsys.readouterr().out))
    assert table["user"].tolist() == ["user03"] * 3 + ["user00"] * 3
    assert table["item"].tolist() == expected["item"].tolist()
    assert table["title"].tolist() == expected["title"].tolist()
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert expected["title"][0] in shown
    assert main([*words, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["item"] == expected["item"][0] and first["rank"] == 1


def test_recommend_for_a_basket(small_run, capsys):
    folder = small_run("mf")
    words = ["recommend", folder.name[:8], "--items", "item01", "item03"]
    root = ["--output-root", str(folder.parent), "-k", "4"]
    assert main([*words, *root]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 4
    assert not any("item01" in line or "item03" in line for line in lines)


@pytest.mark.parametrize(
    "words, message",
    [
        ("RUN", "Give either users or --items"),
        ("RUN user00 --items item01", "Give either users or --items"),
        ("RUN user99", "unknown user ids, the first is 'user99'"),
        ("RUN --items itme01", "A known one: 'item01'"),
        ("RUN user00 -k 100", "Received: k=100"),
        ("small-mff user00", "did you mean"),
        ("/nowhere/x user00", "There is no folder /nowhere/x"),
        ("RUN user00 --data-root /nowhere", "No dataset 'small'"),
    ],
)
def test_recommend_refuses(small_run, words, message, capsys):
    folder = small_run("mf")
    words = [str(folder) if w == "RUN" else w for w in words.split()]
    root = ["--output-root", str(folder.parent)]
    assert main(["recommend", *words, *root]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("camgr recommend: error: ") and message in line


@pytest.mark.parametrize(
    "file, text, message",
    [
        ("config.json", "[]", "config.json must hold an object"),
        ("config.json", "{", "config.json is cut short or is no JSON"),
        ("metrics.json", "{}", "metrics.json must have 'run_id'"),
        ("weights.npz", "PK", "weights.npz"),
        ("metrics.json", None, "is no finished run: it has no metrics.json"),
    ],
)
@pytest.mark.parametrize("command", ["recommend", "evaluate", "export"])
def test_a_broken_run_is_one_line(
    small_run, tmp_path, command, file, text, message, capsys
):
    folder = tmp_path / "small-mf"
    shutil.copytree(small_run("mf"), folder)
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text)
    more = {"recommend": ["user00"], "export": [str(tmp_path / "out")]}
    assert main([command, str(folder), *more.get(command, [])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_evaluate_at_another_cutoff(small_run, tmp_path, capsys):
    folder = small_run("mf")
    words = ["evaluate", str(folder), "--part", "test", "--cutoffs", "3"]
    path = tmp_path / "new" / "table.csv"
    assert main([*words, "--csv", str(path)]) == 0
    table = pd.read_csv(path)
    run = load(folder).run
    users, items = (np.asarray(v) for v in run.model.embed())
    scores = users @ items.T
    parts = run.dataset.interactions
    scores[tuple(parts.train.T)] = -np.inf
    lists = np.argsort(-scores, axis=1, kind="stable")[:, :3]
    # Everybody but user 29 has one test item.
    hits = [item in lists[user] for user, item in parts.test]
    assert table["Recall@3"][0] == pytest.approx(np.mean(hits))
    assert table["users"][0] == len(hits) == 29
    assert f"{np.mean(hits):.4f}" in capsys.readouterr().out


def test_evaluate_agrees_with_the_run(small_run, capsys):
    folder = small_run("vbpr")
    assert main(["evaluate", str(folder), "--cutoffs", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    metrics = json.loads((folder / "metrics.json").read_text())
    for line, part in zip(lines[1:], ("validation", "test"), strict=True):
        expected = metrics[part]["recall@20"], metrics[part]["ndcg@20"]
        assert line.split()[-2:] == [f"{value:.4f}" for value in expected]


def test_evaluate_cold_items(small_run, capsys):
    cold = small_run("lightgcn", split="cold_items")
    assert main(["evaluate", str(cold), "--cold", "--cutoffs", "2"]) == 0
    shown = capsys.readouterr().out
    assert "cold among all" in shown and "chance@2" in shown


@pytest.mark.parametrize(
    "words, message",
    [
        ("--metrics recal", "--metrics must be among"),
        ("--cold", "training rows. Train with -p split cold_items."),
        ("--csv /", "/ is a folder, and no file"),
        ("--csv /dev/null/x.csv", "/dev/null is a file, and no folder"),
    ],
)
def test_evaluate_refuses(small_run, words, message, capsys):
    assert main(["evaluate", str(small_run("mf")), *words.split()]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert message in line and shown.out == ""


def test_compare_prints_what_differs_and_draws(small_run, tmp_path, capsys):
    folders = [small_run("mf"), small_run("vbpr")]
    words = ["compare", *map(str, folders), "--output-root", str(tmp_path)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "test Recall@20" in shown
    settings = shown[: shown.index("Metrics:")]
    assert "model" in settings and "embedding_dim" not in settings
    assert "(Wilcoxon's signed-rank test over users)" in shown
    (path,) = (tmp_path / "figures").glob("compare-*.png")
    assert shown.splitlines()[-1] == f"Figure: {path}"
    assert path.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    "words, message",
    [
        ("RUN", "at least two runs"),
        ("RUN RUN", "is given twice"),
        ("RUN small-mff", "did you mean"),
        ("RUN OTHER --figure /tmp/x.pdf", "must end in .png"),
        ("RUN OTHER --figure /dev/null/x.png", "/dev/null is a file"),
    ],
)
def test_compare_refuses(small_run, words, message, capsys):
    folder = small_run("mf")
    names = {"RUN": str(folder), "OTHER": str(small_run("vbpr"))}
    words = [names.get(word, word) for word in words.split()]
    root = ["--output-root", str(folder.parent)]
    assert main(["compare", *words, *root]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_export_writes_what_was_asked_for(small_run, tmp_path, capsys):
    words = ["export", str(small_run("mf")), str(tmp_path / "out")]
    assert main([*words, "--only", "vectors"]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["items.parquet", "users.parquet"]
    assert f"{tmp_path}/out/users.parquet" in capsys.readouterr().out
    # A folder with something in it is left alone, unless asked.
    assert main([*words, "--only", "vectors"]) == 2
    assert f"{tmp_path}/out is not empty" in capsys.readouterr().err
    assert main([*words, "--only", "vectors", "--overwrite"]) == 0


def test_export_into_a_file(small_run, tmp_path, capsys):
    (tmp_path / "out").write_text("")
    words = ["export", str(small_run("mf")), str(tmp_path / "out")]
    assert main(words) == 2
    assert "out is a file, and no folder" in capsys.readouterr().err


def test_serve_refuses_a_taken_port_and_an_unknown_run(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 2
    assert f"Nothing can listen on 127.0.0.1:{port}" in capsys.readouterr().err
    words = ["serve", "demo-x", "--port", port, "--output-root", str(tmp_path)]
    assert main(words) == 2
    assert "There is no run 'demo-x'" in capsys.readouterr().err
    words = ["serve", "--beside", "demo-y", "--output-root", str(tmp_path)]
    assert main([*words, "--port", port]) == 2
    assert "There is no run 'demo-y'" in capsys.readouterr().err
    assert main(["serve", "--port", "70000"]) == 2
    assert "Received: port=70000" in capsys.readouterr().err

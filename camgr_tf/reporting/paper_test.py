import re
from pathlib import Path

import pytest

from camgr_tf.reporting.paper import load_paper
from camgr_tf.reporting.paper import paper_values

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper"
DATASETS = ("baby", "sports", "clothing")
NUMBER = re.compile(r"\b0\.\d{4}\b")


def read_blocks(caption, rows_per_dataset):
    """Numbers of the lines of one table, by dataset and line."""
    (path,) = PAPER.glob("*.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(n for n, s in enumerate(lines) if caption in s)
    # A table stands before its caption; another one may stand above it.
    found = [NUMBER.findall(s) for s in lines[place - 30 : place]]
    found = [[float(text) for text in numbers] for numbers in found if numbers]
    found = found[-3 * rows_per_dataset :]
    return {
        dataset: found[n * rows_per_dataset : (n + 1) * rows_per_dataset]
        for n, dataset in enumerate(DATASETS)
    }


needs_paper = pytest.mark.skipif(
    not PAPER.is_dir(), reason="the paper's text is not here"
)


@needs_paper
def test_table_2_is_the_papers():
    models = "MF LightGCN VBPR MMGCN GRCN SLMRec BM3 MICRO MGCN CAmgr".split()
    metrics = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")
    for dataset, lines in read_blocks("Table 2. Experimental", 4).items():
        expected = {
            (model, metric): value
            for metric, line in zip(metrics, lines, strict=True)
            for model, value in zip(models, line, strict=True)
        }
        assert paper_values("table2", dataset) == expected


@needs_paper
def test_table_3_is_the_papers():
    labels = ("CAmgr", "w/o IUD", "w/o CAFF")
    for dataset, lines in read_blocks("**Table 3.**", 3).items():
        expected = {
            (label, metric): value
            for label, line in zip(labels, lines, strict=True)
            for metric, value in zip(("recall@20", "ndcg@20"), line)
        }
        assert paper_values("table3", dataset) == expected


@needs_paper
def test_table_4_is_the_papers():
    for dataset, (line,) in read_blocks("**Table 4.**", 1).items():
        expected = {}
        for place, weight in enumerate((0.001, 0.005, 0.01, 0.05, 0.1)):
            label = f"contrastive_weight = {weight}"
            expected[label, "recall@20"] = line[2 * place]
            expected[label, "ndcg@20"] = line[2 * place + 1]
        assert paper_values("table4", dataset) == expected


@needs_paper
def test_table_1_is_the_papers():
    (path,) = PAPER.glob("*.txt")
    text = path.read_text(encoding="utf-8")
    for dataset in DATASETS:
        row = re.search(rf"^{dataset.title()}\t(.*)%", text, re.MULTILINE)
        users, items, ratings, density = row.group(1).split("\t")
        assert paper_values("table1", dataset) == {
            ("", "users"): int(users.replace(",", "")),
            ("", "items"): int(items.replace(",", "")),
            ("", "interactions"): int(ratings.replace(",", "")),
            ("", "density_percent"): float(density),
        }


def test_every_figure_is_there_once():
    paper = load_paper()
    assert not paper.duplicated(["table", "dataset", "label", "metric"]).any()
    assert paper.groupby("table").size().to_dict() == {
        "table1": 12,
        "table2": 120,
        "table3": 18,
        "table4": 30,
    }


def test_density_follows_from_the_counts():
    for dataset in DATASETS:
        values = paper_values("table1", dataset)
        cells = values["", "users"] * values["", "items"]
        percent = 100 * values["", "interactions"] / cells
        assert values["", "density_percent"] == pytest.approx(percent, abs=6e-4)


def test_other_datasets_have_no_figures():
    assert paper_values("table2", "demo") == {}
    assert paper_values(None, "baby") == {}

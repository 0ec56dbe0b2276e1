"""Holds the paper's rows and ours against what rankings can have."""

from camgr_tf.reporting.consistency import find_impossible
from camgr_tf.reporting.paper import DECIMALS
from camgr_tf.reporting.paper import load_paper
from camgr_tf.reporting.table import Entry
from camgr_tf.reporting.table import Table

METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")


def build_plausibility_table(groups):
    """Every row whose recall and NDCG exclude each other.

    Args:
        groups: Dictionary of `group_results`.

    Returns:
        `Table`. Its notes say how many rows were checked, and on which
        assumption.
    """
    rows = []
    paper = load_paper()
    paper = paper[paper["table"] != "table1"]
    num_paper = 0
    for (table, dataset, label), part in paper.groupby(
        ["table", "dataset", "label"], sort=False
    ):
        values = dict(zip(part["metric"], part["value"], strict=True))
        num_paper += 1
        # Checked without any data: their split may differ from ours.
        for found in find_impossible(values, decimals=DECIMALS):
            rows.append(_row("paper", table, dataset, label, found))
    num_ours = 0
    for name, results in groups.items():
        for result in results:
            test_items = result.plan.facts["test_items"]
            for run in result.rows.to_dict("records"):
                values = {m: run.get(f"test_{m}") for m in METRICS}
                num_ours += 1
                for found in find_impossible(values, test_items):
                    label = f"{run['label']}, seed {run['seed']}"
                    rows.append(_row("ours", name, result.name, label, found))
    notes = [
        f"Checked: {num_paper} rows of the paper and {num_ours} runs of ours.",
        "Of the paper's rows it is assumed that every test user has at most "
        "10 test items (with 0.1 of the interactions in the test part, all "
        "users with 100 interactions or fewer); then each unit of recall "
        "gained at ranks 11 to 20 adds at least 1 / log2(21) = 0.2277 to the "
        "NDCG. Rounding to four decimals is allowed for. Ours are held "
        "against the true numbers of test items, without rounding.",
    ]
    return Table(
        "plausibility",
        "Recall and NDCG that no ranking can have together",
        ["Source", "Table", "Dataset", "Row", "Quantity", "Value"]
        + ["Lowest possible", "Highest possible"],
        rows,
        notes,
        num_keys=5,
    )


def _row(source, table, dataset, label, found):
    texts = [source, table, dataset, label, found.quantity]
    numbers = (found.value, found.lowest, found.highest)
    return [Entry(t) for t in texts] + [Entry(f"{n:.4f}") for n in numbers]

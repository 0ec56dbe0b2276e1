"""The published figures of the paper, as data."""

from pathlib import Path

import pandas as pd

PATH = Path(__file__).resolve().parent / "paper.csv"
SOURCE = (
    "Li, Xu, Zhu and Zhang: A Multimodal Graph Recommendation Method Based on "
    "Cross-Attention Fusion. Mathematics 2024, 12(15), 2353. "
    "https://doi.org/10.3390/math12152353. Tables 1-4."
)
DECIMALS = 4


def load_paper():
    """All figures of Tables 1 to 4.

    Figures 2 to 5 are printed without numbers.

    Returns:
        DataFrame with the columns `table`, `dataset`, `label` (of the model
        or variant, as in our experiments; `""` in Table 1), `metric` and
        `value`.
    """
    return pd.read_csv(PATH, keep_default_na=False)


def paper_values(table, dataset):
    """The figures of one table and dataset.

    Args:
        table: String, `"table1"` to `"table4"`, or `None`.
        dataset: String. Name of the dataset.

    Returns:
        Dictionary from `(label, metric)` to a float; empty if the paper has
        no such table or dataset.
    """
    rows = load_paper()
    rows = rows[(rows["table"] == table) & (rows["dataset"] == dataset)]
    return {
        (row.label, row.metric): row.value
        for row in rows.itertuples(index=False)
    }

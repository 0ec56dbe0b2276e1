import pandas as pd
import pytest

from camgr_tf.benchmarks import tables
from camgr_tf.benchmarks.tables import measure_tables
from camgr_tf.benchmarks.tables import write_tables


def test_rows_are_those_of_the_seed_and_made_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_ROWS", 600)
    write_tables(tmp_path, 2000)
    rows = pd.read_parquet(tmp_path / "interactions.parquet")
    assert len(rows) == 2000
    assert rows["user"].nunique() == 100
    assert rows["rating"].between(1, 5).all()
    items = pd.read_parquet(tmp_path / "items.parquet")
    assert items["item"].tolist() == [f"item{n}" for n in range(5)]
    assert set(rows["item"]) == set(items["item"])
    # The square of a uniform number is below a fifth with probability .45.
    assert 0.4 < (rows["item"] == "item0").mean() < 0.5


@pytest.mark.filterwarnings("ignore:.*rows repeat")
def test_the_same_dataset_each_time(tmp_path):
    first, again = (
        measure_tables(2000, folder=tmp_path)["content_hash"] for _ in range(2)
    )
    assert first == again != ""
    assert measure_tables(2000, "reading")["content_hash"] == ""
    assert not list(tmp_path.iterdir())

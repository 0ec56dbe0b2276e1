import numpy as np
import pandas as pd
import pytest

from camgr_tf.serving.parquet import export_vectors
from camgr_tf.serving.parquet import write_recommendations


def test_vectors_and_their_products(small_camgr, tmp_path):
    users, items = map(pd.read_parquet, export_vectors(small_camgr, tmp_path))
    assert users["user"].tolist() == small_camgr.catalog.user_ids.tolist()
    assert items["item"].tolist() == small_camgr.catalog.item_ids.tolist()
    score = users["vector"][3] @ items["vector"][4]
    assert score == pytest.approx(
        small_camgr.user_vectors[3] @ small_camgr.item_vectors[4], rel=1e-5
    )


def test_recommendations_do_not_depend_on_the_blocks(small_camgr, tmp_path):
    with pytest.warns(UserWarning, match="1 users without training items"):
        path = write_recommendations(
            small_camgr, tmp_path / "lists.parquet", 20, True, 7, False
        )
    table = pd.read_parquet(path)
    assert table.columns.tolist() == ["user", "item", "score", "rank"]
    assert set(table["user"]) == set(small_camgr.catalog.user_ids)
    names = ["user00", "user13", "user28"]
    expected = small_camgr.recommend(names, k=20)
    own = table[table["user"].isin(names)].reset_index(drop=True)
    # Of 24 items they have 5: 19 are left of the 20 asked for.
    assert len(own) == 3 * 19
    assert own["item"].tolist() == expected["item"].tolist()
    np.testing.assert_allclose(own["score"], expected["score"], rtol=1e-5)
    assert own["rank"].tolist() == expected["rank"].tolist()


def test_an_interrupted_file_is_not_there(small_camgr, tmp_path):
    with pytest.raises(ValueError, match="Received: k=25"):
        write_recommendations(small_camgr, tmp_path / "lists.parquet", k=25)
    assert not list(tmp_path.iterdir())


def test_bad_arguments_are_refused_before_the_work(small_camgr, tmp_path):
    with pytest.raises(ValueError, match="Received: block_size=0"):
        write_recommendations(small_camgr, tmp_path / "x", block_size=0)
    with pytest.raises(IsADirectoryError, match="is a folder, and no file"):
        write_recommendations(small_camgr, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file, and no folder"):
        write_recommendations(small_camgr, tmp_path / "file" / "x.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

import numpy as np
import pytest

pytest.importorskip("faiss", reason="needs the extra `index`")

from camgr_tf.serving.item_index import build_index
from camgr_tf.serving.item_index import index_recall
from camgr_tf.serving.item_index import load_index


@pytest.fixture(scope="module")
def index(small_camgr):
    return build_index(small_camgr)


def test_few_items_are_searched_exactly(small_camgr, index):
    names = ["user03", "user04", "user28"]
    expected = small_camgr.recommend(names, k=6)
    table = index.recommend(small_camgr, names, k=6)
    assert table["item"].tolist() == expected["item"].tolist()
    np.testing.assert_allclose(table["score"], expected["score"], rtol=1e-4)
    assert index_recall(small_camgr, index, np.arange(29), k=6) == 1.0


def test_recall_counts_what_is_found(small_camgr):
    class Half:
        """Finds every second item of the exact list."""

        def search(self, vectors, k, seen):
            exact, scores = small_camgr.rank(np.arange(10), k)
            exact[:, ::2] = -1
            return exact, scores

    assert index_recall(small_camgr, Half(), np.arange(10), k=4) == 0.5


def test_short_lists_are_padded(small_camgr, index):
    seen = [np.arange(20)]
    items, scores = index.search(small_camgr.user_vectors[:1], 6, seen)
    assert items.shape == (1, 6)
    assert sorted(items[0, :4]) == [20, 21, 22, 23]
    assert items[0, 4:].tolist() == [-1, -1]
    assert np.isinf(scores[0, 4:]).all()


def test_saved_and_loaded(small_camgr, index, tmp_path):
    path = tmp_path / "items.faiss"
    index.save(path)
    loaded = load_index(path, small_camgr)
    expected = index.recommend(small_camgr, ["user03"], k=3)
    table = loaded.recommend(small_camgr, ["user03"], k=3)
    assert table["item"].tolist() == expected["item"].tolist()


def test_errors_say_what_came(small_camgr, index, tmp_path):
    with pytest.raises(ValueError, match="'user29' has no training items"):
        index.recommend(small_camgr, ["user03", "user29"])
    with pytest.raises(FileNotFoundError, match="no index .*items.faiss"):
        load_index(tmp_path / "items.faiss", small_camgr)
    path = tmp_path / "items.faiss"
    index.save(path)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    with pytest.raises(ValueError, match="is cut short or is no index"):
        load_index(path, small_camgr)
    path.write_bytes(content)

    class Other:
        item_vectors = np.zeros((25, 8))

    with pytest.raises(ValueError, match="expected 25 of width 8.*24 of width"):
        load_index(path, Other())


def test_an_index_of_another_training_is_refused(small_camgr, index, tmp_path):
    index.save(tmp_path / "items.faiss")
    other = small_camgr.with_item_vectors(-small_camgr.item_vectors)
    with pytest.raises(ValueError, match="index of other vectors"):
        load_index(tmp_path / "items.faiss", other)

import numpy as np
import pytest
import scipy.sparse

from camgr_tf.serving import lists
from camgr_tf.serving.lists import check_file
from camgr_tf.serving.lists import cosines


@pytest.mark.parametrize("kind", [np.array, scipy.sparse.csr_matrix])
@pytest.mark.parametrize("block_numbers", [1, 5, 1000])
def test_cosines_by_hand(kind, block_numbers, monkeypatch):
    monkeypatch.setattr(lists, "BLOCK_NUMBERS", block_numbers)
    rows = kind(np.array([[1.0, 0], [3, 3], [0, 0], [-2, 0]], "float32"))
    received = cosines(rows[0], rows)
    assert received.dtype == "float32"
    np.testing.assert_allclose(received, [1, np.sqrt(0.5), 0, -1], rtol=1e-6)


def test_rows_of_one_direction_tie():
    rng = np.random.default_rng(0)
    row = rng.normal(size=33).astype("float32")
    # Powers of two change no digit.
    rows = np.stack([row * 2.0**power for power in range(-9, 40)])
    received = cosines(rng.normal(size=33).astype("float32"), rows)
    assert len(set(received.tolist())) == 1


def test_a_path_that_no_file_can_have(tmp_path):
    check_file(tmp_path / "new" / "x.csv")
    with pytest.raises(IsADirectoryError, match="is a folder, and no file"):
        check_file(tmp_path)
    (tmp_path / "file").write_text("")
    check_file(tmp_path / "file")
    with pytest.raises(NotADirectoryError, match="file is a file, and no"):
        check_file(tmp_path / "file" / "a" / "b")

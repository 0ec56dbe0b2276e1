import pytest

from camgr_tf.training.run_claim import RunInUseError
from camgr_tf.training.run_claim import claimed_run


def test_of_a_run_that_is_trained_nothing_is_removed(tmp_path):
    files = [tmp_path / name for name in ("checkpoint.npz", "history.csv")]
    for path in files:
        path.write_text("kept")
    with claimed_run(tmp_path):
        with pytest.raises(RunInUseError, match="is being trained by process"):
            with claimed_run(tmp_path, overwrite=True):
                raise AssertionError("held twice")
        assert [path.read_text() for path in files] == ["kept", "kept"]
    with claimed_run(tmp_path, overwrite=True):
        assert [path.exists() for path in files] == [False, True]

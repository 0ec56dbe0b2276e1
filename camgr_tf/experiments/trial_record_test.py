import json

import pytest

from camgr_tf.config import resolve_config
from camgr_tf.experiments.trial_record import Fingerprint
from camgr_tf.experiments.trial_record import clear_run
from camgr_tf.experiments.trial_record import hash_config
from camgr_tf.experiments.trial_record import read_record
from camgr_tf.experiments.trial_record import trial_state
from camgr_tf.experiments.trial_record import write_record

MADE = Fingerprint(config="c", data="d", code="s")


def finish(folder):
    folder.mkdir(exist_ok=True)
    (folder / "metrics.json").write_text("{}")


@pytest.mark.parametrize("status", ["running", "failed", "interrupted"])
def test_the_recorded_state_is_given(tmp_path, status):
    assert trial_state(tmp_path, MADE) == "missing"
    write_record(tmp_path, MADE, status, error="x")
    assert trial_state(tmp_path, MADE) == status
    assert read_record(tmp_path)["error"] == "x"


def test_done_needs_the_result(tmp_path):
    write_record(tmp_path, MADE, "done")
    assert trial_state(tmp_path, MADE) == "missing"
    finish(tmp_path)
    assert trial_state(tmp_path, MADE) == "done"


@pytest.mark.parametrize(
    "wanted, strict, lenient",
    [
        (Fingerprint("c", "d", "s"), "done", "done"),
        (Fingerprint("c", "d", "other"), "outdated", "done"),
        (Fingerprint("c", "other", "s"), "outdated", "outdated"),
        (Fingerprint("other", "d", "s"), "outdated", "outdated"),
    ],
)
def test_other_code_data_or_parameters_outdate(
    tmp_path, wanted, strict, lenient
):
    finish(tmp_path)
    write_record(tmp_path, MADE, "done")
    assert trial_state(tmp_path, wanted) == strict
    assert trial_state(tmp_path, wanted, ignore_code=True) == lenient


def test_a_run_without_a_record_counts_only_without_code(tmp_path):
    finish(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"data_hash": "d"}))
    assert trial_state(tmp_path, MADE) == "outdated"
    assert trial_state(tmp_path, MADE, ignore_code=True) == "done"
    (tmp_path / "config.json").write_text(json.dumps({"data_hash": "x"}))
    assert trial_state(tmp_path, MADE, ignore_code=True) == "outdated"


def test_a_checkpoint_without_a_record_is_not_continued(tmp_path):
    (tmp_path / "checkpoint.npz").touch()
    assert trial_state(tmp_path, MADE) == "outdated"
    clear_run(tmp_path)
    assert trial_state(tmp_path, MADE) == "missing"


def test_a_broken_record_counts_as_none(tmp_path):
    finish(tmp_path)
    (tmp_path / "trial.json").write_text('{"status": "do')
    assert read_record(tmp_path) == {}
    assert trial_state(tmp_path, MADE) == "outdated"


def test_the_place_of_the_data_does_not_count():
    here = resolve_config(model="mf", data_root="/here")
    there = resolve_config(model="mf", data_root="/there")
    assert hash_config(here) == hash_config(there)
    assert hash_config(here) != hash_config(resolve_config(model="vbpr"))

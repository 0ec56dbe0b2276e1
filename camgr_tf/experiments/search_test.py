import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from camgr_tf.experiments import search as module
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.search import search
from camgr_tf.folder_lock import folder_lock
from camgr_tf.folder_lock import waiting_lock
from camgr_tf.registry import MODELS
from camgr_tf.testing import write_tiny_folder

optuna = pytest.importorskip("optuna")
SPACE = {"l2_weight": [0.0, 0.1, 0.2, 0.3], "learning_rate": [0.01, 0.1]}


@pytest.fixture
def trained(monkeypatch):
    """Runs in place of trainings: best with 0.2 and 0.1; a list of them."""
    runs = []

    class FakeDriver:
        def __init__(self, trials, output_root, **options):
            (self.trial,) = trials
            self.output_root = output_root

        def run(self):
            config = self.trial.config
            runs.append(self.trial.parameters)
            if config.learning_rate == BROKEN["learning_rate"]:
                return {self.trial.run_id: "diverged"}
            folder = self.output_root / self.trial.run_id
            folder.mkdir(parents=True, exist_ok=True)
            value = (
                0.5
                - abs(config.model_parameters["l2_weight"] - 0.2)
                + config.learning_rate
            )
            text = json.dumps({"validation": {"recall@20": value}})
            path = folder / "metrics.json"
            # As a driver does: two never make one run, nor make it again.
            with waiting_lock(folder):
                if not path.is_file():
                    path.write_text(text)
            return {}

    monkeypatch.setattr(module, "Driver", FakeDriver)
    return runs


BROKEN = {"learning_rate": 10.0}


def find(tmp_path, num_trials, **options):
    options.setdefault("space", SPACE)
    return search(
        "mf",
        "tiny",
        tmp_path / "runs",
        num_trials,
        data_root=str(tmp_path / "data"),
        **options,
    )


def load_study(tmp_path):
    path = tmp_path / "runs" / "experiments" / "search.journal"
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    storage = optuna.storages.JournalStorage(backend)
    return optuna.load_study(study_name=None, storage=storage)


def test_the_best_setting_is_found(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    study = find(tmp_path, 25)
    assert study.best_params == {"l2_weight": 0.2, "learning_rate": 0.1}
    assert study.best_value == pytest.approx(0.6)
    assert len(trained) == 25
    (plan,) = read_plans(tmp_path / "runs", ["search_mf"], "tiny")
    tried = {(p["l2_weight"], p["learning_rate"]) for p in trained}
    assert len(plan.trials) == len(tried) <= 8


def test_a_search_goes_on_as_if_it_had_not_stopped(tmp_path, trained):
    write_tiny_folder(tmp_path / "a" / "data")
    write_tiny_folder(tmp_path / "b" / "data")
    find(tmp_path / "a", 12)
    whole = [(p["l2_weight"], p["learning_rate"]) for p in trained]
    trained.clear()
    find(tmp_path / "b", 4)
    # The fifth trial's driver dies.
    load_study(tmp_path / "b").ask()
    find(tmp_path / "b", 12)
    assert whole == [(p["l2_weight"], p["learning_rate"]) for p in trained]


def test_failed_trials_count_and_are_not_repeated_for_ever(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    space = {"learning_rate": [BROKEN["learning_rate"]]}
    message = "All 2 trials of the search failed, the last one with: diverged"
    for _ in range(2):
        with pytest.raises(RuntimeError, match=message):
            find(tmp_path, 2, space=space)
    assert len(trained) == 2
    study = load_study(tmp_path)
    (first, _) = study.get_trials()
    assert first.state.name == "FAIL"
    assert first.user_attrs == {"error": "diverged"}


def test_a_search_whose_first_trials_fail_alike_stops(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    space = {**SPACE, "learning_rate": [BROKEN["learning_rate"]]}
    with pytest.raises(RuntimeError, match="first 3 trials failed alike.*div"):
        find(tmp_path, 20, space=space)
    assert len(trained) == 3


def test_other_data_are_another_search(tmp_path, trained):
    folder = write_tiny_folder(tmp_path / "data")
    find(tmp_path, 2)
    study = find(tmp_path, 3)
    assert len(trained) == 3
    shutil.rmtree(folder)
    write_tiny_folder(tmp_path / "data", seed=1)
    again = find(tmp_path, 2)
    assert len(trained) == 5 and len(again.get_trials()) == 2
    assert again.study_name != study.study_name


def test_other_code_is_another_search_unless_ignored(
    tmp_path, trained, monkeypatch
):
    write_tiny_folder(tmp_path / "data")
    find(tmp_path, 2)
    find(tmp_path, 2, ignore_code=True)
    assert len(trained) == 4
    monkeypatch.setattr(module, "code_hash", lambda model: "other")
    find(tmp_path, 2)
    assert len(trained) == 6
    find(tmp_path, 2, ignore_code=True)
    assert len(trained) == 6


@pytest.mark.parametrize(
    "options",
    [
        {"space": {**SPACE, "l2_weight": [0.0, 0.1]}},
        {"space": {"l2_weight": SPACE["l2_weight"]}},
        {"overrides": {"patience": 3}},
        {"seed": 1},
    ],
)
def test_another_question_is_another_search(options, tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    find(tmp_path, 2)
    study = find(tmp_path, 2, **options)
    assert len(trained) == 4 and len(study.get_trials()) == 2


def test_two_searches_at_one_time_share_the_trials(
    tmp_path, trained, monkeypatch
):
    write_tiny_folder(tmp_path / "data")
    plain = module.Driver
    with ThreadPoolExecutor(1) as pool:
        others = []

        class FirstWaits(plain):
            def run(self):
                if not others:
                    # The second search starts in the midst of this trial,
                    # and makes all others.
                    others.append(pool.submit(find, tmp_path, 4))
                    while len(trained) < 3:
                        time.sleep(0.01)
                return super().run()

        monkeypatch.setattr(module, "Driver", FirstWaits)
        study = find(tmp_path, 4)
        other = others[0].result()
    for each in (study, other):
        states = [trial.state.name for trial in each.get_trials()]
        assert states == ["COMPLETE"] * 4
    assert len(trained) == 4
    (plan,) = read_plans(tmp_path / "runs", ["search_mf"], "tiny")
    tried = {(p["l2_weight"], p["learning_rate"]) for p in trained}
    assert len(plan.trials) == len(tried)
    assert list((tmp_path / "runs/experiments").glob(".*-?.lock")) == []


def test_a_trial_whose_process_lives_is_not_failed(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    find(tmp_path, 1)
    study = load_study(tmp_path)
    folder = tmp_path / "runs" / "experiments"
    lock = module._lock(study, study.ask())
    with folder_lock(folder, lock):
        assert len(module._living(study, folder)) == 1
    assert module._living(study, folder) == []
    assert [t.state.name for t in study.get_trials()] == ["COMPLETE", "FAIL"]


def test_an_interrupted_trial_is_made_again(tmp_path, trained, monkeypatch):
    write_tiny_folder(tmp_path / "data")
    plain = module.Driver

    class Interrupted(plain):
        def run(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "Driver", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        find(tmp_path, 2)
    monkeypatch.setattr(module, "Driver", plain)
    find(tmp_path, 2)
    assert len(trained) == 2


@pytest.mark.parametrize(
    "model, options, message",
    [
        ("mf", {"space": {"dropout": [0.1]}}, "has no parameter dropout"),
        ("mf", {"space": {"l2_weight": []}}, "'l2_weight' needs a list"),
        (
            "mf",
            {"overrides": {"l2_weight": 0.1}},
            "'l2_weight' is searched and fixed to 0.1 as well",
        ),
        ("mv", {}, "`model` must be one of .*Received: model='mv'"),
    ],
)
def test_errors(tmp_path, model, options, message):
    with pytest.raises(ValueError, match=message):
        search(model, "tiny", tmp_path, 1, **options)


def test_a_search_needs_a_trial(tmp_path):
    with pytest.raises(ValueError, match="Received: num_trials=0"):
        search("mf", "tiny", tmp_path, 0)


def test_a_model_without_ranges_needs_them(tmp_path, monkeypatch):
    monkeypatch.setattr(MODELS["mf"], "search_space", {})
    with pytest.raises(ValueError, match="'mf' declares no `search_space`"):
        search("mf", "tiny", tmp_path, 1)

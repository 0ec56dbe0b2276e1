import json

import pytest

from camgr_tf.experiments import search as module
from camgr_tf.experiments.plan import read_plans
from camgr_tf.experiments.search import search
from camgr_tf.experiments.tiny_folder import write_tiny_folder

optuna = pytest.importorskip("optuna")
SPACE = {"l2_weight": [0.0, 0.1, 0.2, 0.3], "learning_rate": [0.01, 0.1]}


@pytest.fixture
def trained(monkeypatch):
    """Runs in place of trainings: best with 0.2 and 0.1; a list of them."""
    runs = []

    class FakeDriver:
        def __init__(self, cells, output_root, **options):
            (self.cell,) = cells
            self.output_root = output_root

        def run(self):
            config = self.cell.config
            runs.append(self.cell.parameters)
            if config.learning_rate == BROKEN["learning_rate"]:
                return {self.cell.run_id: "diverged"}
            folder = self.output_root / self.cell.run_id
            folder.mkdir(parents=True, exist_ok=True)
            value = (
                0.5
                - abs(config.model_parameters["l2_weight"] - 0.2)
                + config.learning_rate
            )
            text = json.dumps({"validation": {"recall@20": value}})
            (folder / "metrics.json").write_text(text)
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


def test_the_best_setting_is_found(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    study = find(tmp_path, 25)
    assert study.best_params == {"l2_weight": 0.2, "learning_rate": 0.1}
    assert study.best_value == pytest.approx(0.6)
    assert len(trained) == 25
    (plan,) = read_plans(tmp_path / "runs", ["search_mf"], "tiny")
    tried = {(p["l2_weight"], p["learning_rate"]) for p in trained}
    assert len(plan.cells) == len(tried) <= 8


def test_a_search_goes_on_as_if_it_had_not_stopped(tmp_path, trained):
    write_tiny_folder(tmp_path / "a" / "data")
    write_tiny_folder(tmp_path / "b" / "data")
    find(tmp_path / "a", 12)
    whole = [(p["l2_weight"], p["learning_rate"]) for p in trained]
    trained.clear()
    find(tmp_path / "b", 4)
    # The fifth trial's driver dies.
    study = optuna.load_study(
        study_name=None,
        storage=f"sqlite:///{tmp_path}/b/runs/experiments/search.db",
    )
    study.ask()
    find(tmp_path / "b", 12)
    assert whole == [(p["l2_weight"], p["learning_rate"]) for p in trained]


def test_failed_trials_count_and_are_not_repeated_for_ever(tmp_path, trained):
    write_tiny_folder(tmp_path / "data")
    space = {"learning_rate": [BROKEN["learning_rate"]]}
    study = find(tmp_path, 3, space=space)
    assert len(trained) == 3
    (first, *_) = study.get_trials()
    assert first.state.name == "FAIL"
    assert first.user_attrs == {"error": "diverged"}


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


def test_a_model_without_ranges_needs_them(tmp_path, monkeypatch):
    monkeypatch.setattr(module.MODELS["mf"], "search_space", {})
    with pytest.raises(ValueError, match="'mf' declares no `search_space`"):
        search("mf", "tiny", tmp_path, 1)
